import HTTPTypes
import Hummingbird
import NIOCore
import ServiceRuntime
import Testing

@Suite struct ConditionalRequestTests {
    private func request(_ headers: HTTPFields, path: String = "/") -> Request {
        Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "x", path: path, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer()))
    }

    @Test(arguments: [
        (#""v7""#, true), (#"W/"v7""#, true), (#""v6", "v7""#, true), ("*", true), (#""v6""#, false), ("v7", false),
    ])
    func ifNoneMatchAnswers304OnlyForTheSameTag(header: String, isKnown: Bool) {
        let response = request([.ifNoneMatch: header]).notModified(ETag(version: 7))
        #expect((response != nil) == isKnown)
        if let response {
            #expect(response.status == .notModified)
            #expect(response.headers[.eTag] == #""v7""#)
        }
    }

    @Test func withoutIfNoneMatchThereIsAlwaysAnAnswer() {
        #expect(request([:]).notModified(ETag(version: 7)) == nil)
    }

    @Test(arguments: [(#""v7""#, true), ("*", true), (#""v6""#, false), (#"W/"v7""#, false), ("", false)])
    func ifMatchPassesOnlyForTheSameStrongTag(header: String, passes: Bool) {
        if passes {
            #expect(throws: Never.self) { try request([.ifMatch: header]).requireMatch(ETag(version: 7)) }
        } else {
            #expect {
                try request([.ifMatch: header]).requireMatch(ETag(version: 7))
            } throws: { error in
                let problem = error as? Problem
                return problem?.status == .preconditionFailed && problem?.headers[.eTag] == #""v7""#
            }
        }
    }

    @Test func withoutIfMatchEverythingPasses() {
        #expect(throws: Never.self) { try request([:]).requireMatch(ETag(version: 7)) }
    }

    @Test func tagOfBytesChangesWithTheBytes() {
        #expect(ETag(hashing: [1, 2, 3]) == ETag(hashing: [1, 2, 3]))
        #expect(ETag(hashing: [1, 2, 3]) != ETag(hashing: [1, 2, 4]))
    }

    @Test(
        arguments: [
            ("/?wait=5s", nil, Duration.seconds(5)), ("/?wait=250ms", nil, .milliseconds(250)),
            ("/", "wait=5", .seconds(5)), ("/", "respond-async, wait=3", .seconds(3)), ("/", "wait=900", .seconds(30)),
            ("/", "respond-async", nil), ("/", nil, nil),
        ] as [(String, String?, Duration?)])
    func waitIsReadFromTheQueryOrThePreference(path: String, prefer: String?, wait: Duration?) throws {
        var headers = HTTPFields()
        headers[.prefer] = prefer
        #expect(try request(headers, path: path).wait(upTo: .seconds(30)) == wait)
    }

    @Test(arguments: ["/?wait=5", "/?wait=soon", "/?wait=31s", "/?wait="])
    func waitThatIsNoDurationOrTooLongIsRefused(path: String) {
        #expect {
            try request([:], path: path).wait(upTo: .seconds(30))
        } throws: { error in
            (error as? Problem)?.code == "invalid_parameter"
                && (error as? Problem)?.detail?.contains("at most 30s") == true
        }
    }

    @Test func idempotencyKeyIsTakenWithAndWithoutQuotes() throws {
        #expect(try request([.idempotencyKey: "abc-123"]).idempotencyKey() == "abc-123")
        #expect(try request([.idempotencyKey: #""abc-123""#]).idempotencyKey() == "abc-123")
        #expect(try request([.idempotencyKey: String(repeating: "k", count: 255)]).idempotencyKey().count == 255)
    }

    @Test(
        arguments: [
            (nil, "idempotency_key_missing"), ("", "idempotency_key_invalid"), (#""""#, "idempotency_key_invalid"),
            ("a b", "idempotency_key_invalid"), (String(repeating: "k", count: 256), "idempotency_key_invalid"),
        ] as [(String?, String)])
    func idempotencyKeyMissingOrOfTheWrongFormIs400(key: String?, code: String) {
        var headers = HTTPFields()
        headers[.idempotencyKey] = key
        let request = request(headers)
        #expect {
            try request.idempotencyKey()
        } throws: { error in
            (error as? Problem)?.status == .badRequest && (error as? Problem)?.code == code
        }
    }
}
