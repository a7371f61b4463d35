import Crypto
import Foundation

@testable import Payments

/// What must hold of any bytes that come as a webhook: the seeded tests and the fuzzer (`make fuzz`) share it.
enum StripeWireCheck {
    private static let secret = "whsec_of_the_fuzzer"
    private static let now: Int64 = 1_800_000_000

    /// - Parameter input: a signature header up to the first line feed, then a body.
    /// - Returns: what is wrong; nil when nothing is.
    static func problem(with input: [UInt8]) -> String? {
        let end = input.firstIndex(of: 0x0A) ?? input.startIndex
        let header = String(decoding: input[..<end], as: UTF8.self)
        let body = Array(input[min(end + 1, input.endIndex)...])
        return signatureProblem(header: header, body: body) ?? eventProblem(body)
    }

    private static func signatureProblem(header: String, body: [UInt8]) -> String? {
        let verifier = StripeSignature(secrets: ["whsec_another", secret])
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(now).".utf8) + body, using: SymmetricKey(data: Data(secret.utf8)))
        let signed = code.map { (UInt8($0) < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        if isValid(verifier, header, body), !header.contains(signed) { return "a forged signature is taken" }
        guard isValid(verifier, "t=\(now),v1=\(signed)", body) else { return "a good signature is refused" }
        guard isValid(verifier, "t=\(now),v0=x,v1=\(signed),v1=00", body) else {
            return "another one beside it hides it"
        }
        return isValid(verifier, "t=\(now),v1=\(signed)", body + [0]) ? "another body is taken" : nil
    }

    private static func isValid(_ verifier: StripeSignature, _ header: String, _ body: [UInt8]) -> Bool {
        (try? verifier.verify(header: header, body: body, now: now)) != nil
    }

    private static func eventProblem(_ body: [UInt8]) -> String? {
        guard let event = try? JSONDecoder().decode(StripeEvent.self, from: Data(body)) else {
            return listProblem(body, isReadable: false)
        }
        guard let stored = try? JSONEncoder().encode(event) else { return "it cannot be stored" }
        guard let again = try? JSONDecoder().decode(StripeEvent.self, from: stored) else {
            return "it cannot be read back"
        }
        guard again == event else { return "it is read back as another: \(event) and \(again)" }
        guard (1...255).contains(event.id.count) else { return "it has no id" }
        // What goes into columns of text.
        for text in [event.id, event.type, event.paymentIntentID, event.refundID].compactMap({ $0 })
        where text.utf8.contains(0) {
            return "the database does not take it"
        }
        if case .paymentIntent(let intent) = event.subject { _ = intent.failedTry(at: event.failedAt) }
        return listProblem(body, isReadable: true)
    }

    /// In Stripe's list it stands beside others, which it must not hide.
    private static func listProblem(_ body: [UInt8], isReadable: Bool) -> String? {
        let page = Data(#"{"has_more":true,"data":["#.utf8) + Data(body) + Data("]}".utf8)
        // The page may not be JSON although the body is: in UTF-16, or nested as deep as the reader goes.
        guard [Data(body), page].allSatisfy({ (try? JSONDecoder().decode(AnyJSON.self, from: $0)) != nil }) else {
            return nil
        }
        guard let list = try? JSONDecoder().decode(StripeList<StripeEvent>.self, from: page) else {
            return "it spoils the list that it is in"
        }
        return list.data.count == (isReadable ? 1 : 0) ? nil : "it is another one in a list"
    }

    /// Whether it is JSON at all.
    private struct AnyJSON: Decodable {
        init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer() }
    }
}
