import Testing

@testable import Payments

/// The signatures were made with OpenSSL 3.0.19, such as
/// `printf '%s' '1700000000.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac 'whsec_test_secret'`
@Suite("Stripe: webhook signatures")
struct StripeSignatureTests {
    private let body = Array(#"{"id":"evt_1","object":"event"}"#.utf8)
    private let time: Int64 = 1_700_000_000
    private let good = "0c8670ed117751cc551a20e35839447075c42800ea3cf3e8a2fbda99cd1e6edd"
    /// The same body, with `-hmac 'whsec_rolled_secret'`.
    private let rolled = "d0bd63ba910574e9496399ac7b8dfe08a0ecc0db4dd10c59a67e51d1d037a03e"

    private func failure(
        _ header: String?, secrets: [String] = ["whsec_test_secret"], body: [UInt8]? = nil, at now: Int64? = nil
    ) -> StripeSignature.Failure? {
        do throws(StripeSignature.Failure) {
            try StripeSignature(secrets: secrets).verify(header: header, body: body ?? self.body, now: now ?? time)
            return nil
        } catch {
            return error
        }
    }

    @Test("a signature over time and body passes")
    func passes() {
        #expect(failure("t=1700000000,v1=\(good)") == nil)
    }

    /// `printf '1700000000.\x00\xff\xfe ni\xc3\xb1o' | openssl dgst -sha256 -hmac 'whsec_ünïcode'`
    @Test("the body is bytes, whatever they are, and the whole secret is the key")
    func takesBytes() {
        let signature = "b0fdd9b1691fb9da670f8a30910e5924022e2515b258c52422eb6d44e2a6c01a"
        let bytes: [UInt8] = [0, 0xFF, 0xFE] + Array(" niño".utf8)
        #expect(failure("t=1700000000,v1=\(signature)", secrets: ["whsec_ünïcode"], body: bytes) == nil)
        #expect(failure("t=1700000000,v1=\(signature)", secrets: ["ünïcode"], body: bytes) == .noMatch)
    }

    /// `printf '%s' '1700000000.' | openssl dgst -sha256 -hmac 'whsec_test_secret'`
    @Test("an empty body can be signed")
    func takesEmptyBodies() {
        let signature = "316b9ab98c15bfa039d243f3196acee619cf29749a91a634e6a8154e2f7b6727"
        #expect(failure("t=1700000000,v1=\(signature)", body: []) == nil)
    }

    @Test("while a secret is rolled, any secret and any v1 may match")
    func takesRolledSecrets() {
        let both = ["whsec_rolled_secret", "whsec_test_secret"]
        #expect(failure("t=1700000000,v1=\(rolled),v1=\(good)") == nil)
        #expect(failure("t=1700000000,v1=\(good)", secrets: both) == nil)
        #expect(failure("t=1700000000,v1=\(rolled)", secrets: both) == nil)
        #expect(failure("t=1700000000,v1=\(rolled)") == .noMatch)
    }

    @Test("other schemes are ignored, and are not enough")
    func ignoresOtherSchemes() {
        #expect(failure("t=1700000000,v0=\(good),v1=\(good)") == nil)
        #expect(failure("t=1700000000,v0=\(good)") == .noMatch)
        #expect(failure("t=1700000000,v2=\(good)") == .noMatch)
    }

    @Test("another time, body, secret or digit does not match")
    func refusesForgeries() {
        #expect(failure("t=1700000001,v1=\(good)") == .noMatch)
        #expect(failure("t=1700000000,v1=\(good)", body: body + [0x20]) == .noMatch)
        #expect(failure("t=1700000000,v1=\(good)", secrets: ["whsec_other"]) == .noMatch)
        #expect(failure("t=1700000000,v1=\(good)", secrets: []) == .noMatch)
        #expect(failure("t=1700000000,v1=\(good.dropLast())e") == .noMatch)
        #expect(failure("t=1700000000,v1=\(good.dropLast(2))") == .noMatch)
        #expect(failure("t=1700000000,v1=\(good.uppercased())") == .noMatch)
        #expect(failure("t=1700000000,v1=") == .noMatch)
        // The number is the same, the signed text is not.
        #expect(failure("t=01700000000,v1=\(good)") == .noMatch)
    }

    @Test("the time may be 300 seconds away, in both directions, and not more")
    func holdsTolerance() {
        let header = "t=1700000000,v1=\(good)"
        #expect(failure(header, at: time + 300) == nil)
        #expect(failure(header, at: time + 301) == .tooOld)
        #expect(failure(header, at: time - 300) == nil)
        #expect(failure(header, at: time - 301) == .inFuture)
    }

    @Test(
        "a header that is none is refused as such",
        arguments: [
            "", "t=1700000000", "v1=0c86", "t,v1=0c86", "t=,v1=0c86", "t=abc,v1=0c86", "t=-1,v1=0c86", "t=1e9,v1=0c86",
            "t=١٢٣,v1=0c86", "t=1700000000,t=1700000000,v1=0c86", "t=99999999999999999999,v1=0c86", ",,,", "=,=",
        ])
    func refusesMalformed(header: String) {
        let failure = failure(header)
        #expect(failure == .malformedHeader || failure == .noMatch)
        #expect(self.failure(nil) == .missingHeader)
        #expect(self.failure("t=1700000000,v1=\(good)" + String(repeating: ",v0=x", count: 2000)) == .malformedHeader)
    }

    @Test("random headers and bodies never pass and never crash")
    func survivesNoise() {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("tv1=0,abcdef.-é \u{0}")
        for _ in 0..<5_000 {
            let header = String(
                (0..<Int.random(in: 0...120)).map { _ in letters.randomElement(using: &generator) ?? "," })
            let noise = (0..<Int.random(in: 0...64)).map { _ in UInt8.random(in: 0...255) }
            #expect(failure(header, body: noise, at: Int64.random(in: 0...Int64(UInt32.max))) != nil)
        }
    }

    @Test("descriptions hold no secrets")
    func hidesSecrets() {
        let verifier = StripeSignature(secrets: ["whsec_hidden"])
        let client = StripeClientConfiguration(apiKey: "sk_test_hidden")
        let service = PaymentsConfiguration(stripe: client, webhookSecrets: ["whsec_hidden"])
        for text in ["\(verifier)", "\(client)", "\(service)", String(reflecting: service), String(reflecting: client)]
        {
            #expect(!text.contains("hidden"))
        }
    }
}
