import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ServiceRuntime
import Testing

@Suite struct JSONBodyTests {
    private struct Order: Codable {
        struct Line: Codable {
            let sku: String
            let quantity: Int
        }

        let customer: UUID
        let lines: [Line]
        let due: Date?
        let note: String?
    }

    private func post(
        _ body: String, contentType: String? = "application/json", maxBytes: Int = 1_000,
        _ check: @escaping @Sendable (TestResponse) throws -> Void
    ) async throws {
        try await TestService.test { router in
            router.post("/orders") { request, context in
                let order = try await decodeJSON(Order.self, from: request, context: context, maxBytes: maxBytes)
                return try Response.json(order, status: .created)
            }
        } _: { client, token in
            var headers = token
            headers[.contentType] = contentType
            try await client.execute(
                uri: "/orders", method: .post, headers: headers, body: ByteBuffer(string: body)
            ) { response in try check(response) }
        }
    }

    @Test func goodBodyIsReadAndAnsweredInTheWireForm() async throws {
        try await post(
            """
            {"customer": "0198C0DE-0000-7000-8000-00000000ABCD", "due": "2026-11-23T21:40:00Z",
             "lines": [{"sku": "cuenco", "quantity": 2}]}
            """, contentType: "application/json; charset=utf-8"
        ) { response in
            #expect(response.status == .created)
            #expect(response.headers[.contentType] == "application/json; charset=utf-8")
            #expect(response.text.contains(#""customer":"0198c0de-0000-7000-8000-00000000abcd""#))
            #expect(response.text.contains(#""due":"2026-11-23T21:40:00.000Z""#))
        }
    }

    @Test(arguments: [
        (#"{"lines": []}"#, "customer", "missing"),
        (#"{"customer": "x", "lines": []}"#, "customer", "invalid"),
        (#"{"customer": null, "lines": []}"#, "customer", "null"),
        (#"{"customer": "0198c0de-0000-7000-8000-00000000abcd", "lines": {}}"#, "lines", "type"),
        (
            #"{"customer": "0198c0de-0000-7000-8000-00000000abcd", "lines": [{"sku": "a", "quantity": "2"}]}"#,
            "lines[0].quantity", "type"
        ),
        (
            #"{"customer": "0198c0de-0000-7000-8000-00000000abcd", "lines": [{"sku": "a", "quantity": 1}, {"sku": 5}]}"#,
            "lines[1].sku", "type"
        ),
        (
            #"{"customer": "0198c0de-0000-7000-8000-00000000abcd", "lines": [], "due": "tomorrow"}"#, "due", "invalid"
        ),
        ("[]", "body", "type"),
        (
            #"{"customer": "0198c0de-0000-7000-8000-00000000abcd", "lines": [{"sku": "a", "quantity": 1.5}]}"#,
            "lines[0].quantity", "invalid"
        ),
        (
            #"{"customer": "0198c0de-0000-7000-8000-00000000abcd", "lines": [{"sku": "a", "quantity": 1e30}]}"#,
            "lines[0].quantity", "invalid"
        ),
    ])
    func fieldThatDoesNotFitIs422WithItsPath(body: String, field: String, code: String) async throws {
        try await post(body) { response in
            #expect(response.status == .unprocessableContent)
            let problem = try ProblemJSON(response)
            #expect(problem.code == "validation_failed")
            #expect(problem.errors?.count == 1)
            #expect(problem.errors?.first?.field == field)
            #expect(problem.errors?.first?.code == code)
            #expect(problem.errors?.first?.message.isEmpty == false)
        }
    }

    @Test func messageSaysWhatWasExpected() async throws {
        try await post(
            #"{"customer": "0198c0de-0000-7000-8000-00000000abcd", "lines": [{"sku": "a", "quantity": true}]}"#
        ) { response in
            let problem = try ProblemJSON(response)
            #expect(problem.detail == "lines[0].quantity expected an integer")
        }
    }

    @Test(arguments: ["{", #"{"customer": }"#, "hello", "{'a': 1}"])
    func textThatIsNoJSONIs400(body: String) async throws {
        try await post(body) { response in
            #expect(response.status == .badRequest)
            let problem = try ProblemJSON(response)
            #expect(problem.code == "malformed_json")
        }
    }

    @Test func emptyBodyIs400() async throws {
        try await post("") { response in
            #expect(response.status == .badRequest)
            let problem = try ProblemJSON(response)
            #expect(problem.code == "body_missing")
        }
    }

    @Test func otherContentTypeIs415() async throws {
        try await post("a=1", contentType: "application/x-www-form-urlencoded") { response in
            #expect(response.status == .unsupportedMediaType)
            #expect(response.headers[.accept] == "application/json")
            let problem = try ProblemJSON(response)
            #expect(problem.code == "unsupported_media_type")
        }
    }

    @Test func largeBodyIs413() async throws {
        try await post(#"{"note": "\#(String(repeating: "x", count: 2_000))"}"#) { response in
            #expect(response.status == .contentTooLarge)
            let problem = try ProblemJSON(response)
            #expect(problem.code == "content_too_large")
            #expect(problem.detail?.contains("1000 bytes") == true)
        }
    }

    @Test func largeBodyWithoutLengthIs413Too() async throws {
        let request = Request(
            head: HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/"),
            body: RequestBody(
                asyncSequence: AsyncStream { continuation in
                    for _ in 0..<20 { continuation.yield(ByteBuffer(repeating: 32, count: 100)) }
                    continuation.finish()
                }))
        await #expect {
            try await collectBody(of: request, maxBytes: 1_000)
        } throws: { error in
            (error as? Problem)?.code == "content_too_large"
        }
    }
}
