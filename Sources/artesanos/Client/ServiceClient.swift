import AsyncHTTPClient
import Composition
import Outbox
import Foundation
import NIOCore
import NIOHTTP1
import StripeSandbox

/// Calls the services as any client does.
struct ServiceClient: Sendable {
    /// An answer, whatever its status.
    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]

        func json<Value: Decodable>(_ type: Value.Type) throws -> Value { try WireJSON.decode(type, from: body) }
    }

    private let urls: [String: String]
    private let http: HTTPClient
    /// The longest an answer may take.
    private let timeout: TimeAmount

    /// - Parameters:
    ///   - urls: where the services are, by name.
    ///   - http: its limits hold; the shared one has eight connections to a service at once.
    init(_ urls: [String: String], http: HTTPClient = .shared, timeout: Duration = .seconds(40)) {
        self.urls = urls
        self.http = http
        self.timeout = .nanoseconds(timeout.components.seconds * 1_000_000_000)
    }

    func url(_ service: ServiceName, _ path: String) -> String { (urls[service.rawValue] ?? "") + path }

    /// Whether the service says that it is ready; false also when it does not answer soon.
    func isReady(_ service: ServiceName) async -> Bool {
        let request = HTTPClientRequest(url: url(service, "/health/ready"))
        // A request to a port that nobody listens on waits for its whole time.
        return (try? await send(request, token: nil, timeout: .seconds(3)))?.status == 200
    }

    func get(_ service: ServiceName, _ path: String, token: String? = nil) async throws -> Answer {
        try await send(HTTPClientRequest(url: url(service, path)), token: token)
    }

    func post(
        _ service: ServiceName, _ path: String, token: String? = nil, idempotencyKey: String? = nil,
        body: (any Encodable & Sendable)? = nil
    ) async throws -> Answer {
        try await post(url(service, path), token: token, idempotencyKey: idempotencyKey, body: body)
    }

    func post(
        _ url: String, token: String? = nil, idempotencyKey: String? = nil, body: (any Encodable & Sendable)? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        if let idempotencyKey { request.headers.add(name: "Idempotency-Key", value: idempotencyKey) }
        return try await send(request, body: body, token: token)
    }

    func put(
        _ service: ServiceName, _ path: String, token: String? = nil, ifNoneMatch: String? = nil,
        body: any Encodable & Sendable
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url(service, path))
        request.method = .PUT
        if let ifNoneMatch { request.headers.add(name: "If-None-Match", value: ifNoneMatch) }
        return try await send(request, body: body, token: token)
    }

    /// All that Stripe's stand-in has: a kilobyte for each payment that it ever had, in one answer.
    func sandboxState(of url: String) async throws -> SandboxSnapshot {
        try await send(HTTPClientRequest(url: url + "/_sandbox/state"), token: nil, limit: 1 << 30)
            .json(SandboxSnapshot.self)
    }

    /// Server-sent events from where `lastID` ended, until the server ends the stream.
    /// - Returns: false when the server has nothing more to tell, ever (204).
    func events(
        _ service: ServiceName, _ path: String, token: String, after lastID: String?,
        _ body: (ServerSentEvent) async throws -> Void
    ) async throws -> Bool {
        var request = HTTPClientRequest(url: url(service, path))
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let lastID { request.headers.add(name: "Last-Event-ID", value: lastID) }
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        let response = try await http.execute(request, timeout: .hours(1))
        if response.status == .noContent { return false }
        guard response.status == .ok else {
            throw CheckFailed("\(request.url) answered \(response.status.code)")
        }
        var parser = ServerSentEventParser()
        for try await part in response.body {
            for event in parser.feed(part.readableBytesView) { try await body(event) }
        }
        return true
    }

    private func send(
        _ request: HTTPClientRequest, body: (any Encodable & Sendable)? = nil, token: String?, limit: Int = 16 << 20,
        timeout: TimeAmount? = nil
    ) async throws -> Answer {
        var request = request
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try WireJSON.encode(body)))
        }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        let response = try await http.execute(request, timeout: timeout ?? self.timeout)
        let body = try await response.body.collect(upTo: limit)
        return Answer(status: Int(response.status.code), body: Array(body.readableBytesView))
    }
}
