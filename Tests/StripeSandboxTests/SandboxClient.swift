import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import StripeSandbox

/// A caller of the stand-in, as plain as can be: form in, JSON out.
struct SandboxClient: Sendable {
    let baseURL: String
    var key = "sk_test_sandbox"

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let bytes: [UInt8]

        /// The value of a header; nil when there is none.
        func header(_ name: String) -> String? { headers[name].first }

        /// The answer as an object; empty when it is none.
        var json: JSONObject { JSONObject(bytes) }
        /// The `error` of an error.
        var error: JSONObject { json["error"] }
    }

    init(_ server: StripeSandboxServer) async throws { baseURL = try await server.baseURL() }

    func post(
        _ path: String, _ form: String = "", idempotencyKey: String? = nil, headers: [String: String] = [:],
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Answer {
        var headers = headers
        headers["Idempotency-Key"] = idempotencyKey
        return try await send(.POST, path, form, headers, timeout: timeout)
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send(.GET, path, nil, headers)
    }

    func put(_ path: String, _ json: String) async throws -> Answer { try await send(.PUT, path, json) }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: String?, _ headers: [String: String] = [:],
        timeout: TimeAmount = .seconds(10)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: baseURL + path)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(key)")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: timeout)
        let bytes = try await response.body.collect(upTo: 8 * 1024 * 1024)
        return Answer(
            status: Int(response.status.code), headers: response.headers, bytes: [UInt8](bytes.readableBytesView))
    }

    /// Makes a PaymentIntent of 25.00 EUR and returns its id.
    func makeIntent(_ more: String = "") async throws -> String {
        let answer = try await post("/v1/payment_intents", "amount=2500&currency=eur" + more)
        guard answer.status == 200 else { throw SandboxClientError(answer) }
        return answer.json.text("id")
    }

    /// Makes a PaymentIntent of 25.00 EUR that is paid, and returns its id.
    func makePaid(_ method: String = "pm_card_visa") async throws -> String {
        try await makeIntent(
            "&confirm=true&payment_method=\(method)&automatic_payment_methods[enabled]=true"
                + "&automatic_payment_methods[allow_redirects]=never")
    }
}

/// An answer that should have been another.
struct SandboxClientError: Error, CustomStringConvertible {
    let description: String

    init(_ answer: SandboxClient.Answer) {
        description = "\(answer.status): \(String(decoding: answer.bytes, as: UTF8.self))"
    }
}

/// JSON that is asked by name.
struct JSONObject: @unchecked Sendable {
    // Guarded by nothing and never changed: the tree of `JSONSerialization` is immutable.
    private let value: Any

    init(_ bytes: [UInt8]) { value = (try? JSONSerialization.jsonObject(with: Data(bytes))) ?? [String: Any]() }
    private init(value: Any) { self.value = value }

    subscript(key: String) -> JSONObject {
        JSONObject(value: (value as? [String: Any])?[key] ?? [String: Any]())
    }

    /// The elements of an array.
    var list: [JSONObject] { (value as? [Any] ?? []).map(JSONObject.init(value:)) }

    func text(_ key: String) -> String { (value as? [String: Any])?[key] as? String ?? "" }
    func number(_ key: String) -> Int { (value as? [String: Any])?[key] as? Int ?? -1 }
    func flag(_ key: String) -> Bool? { (value as? [String: Any])?[key] as? Bool }
    func isNull(_ key: String) -> Bool { (value as? [String: Any])?[key] is NSNull }
}
