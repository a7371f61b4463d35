import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One try of one request over HTTP.
final class StripeTransport: Sendable {
    struct Request: Sendable {
        let operation: String
        let method: HTTPMethod
        /// With the query string.
        let path: String
        let body: [UInt8]?
        let idempotencyKey: String?
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
    }

    /// An object of Stripe's, or a page of a hundred of them, is far below this.
    private static let maxAnswerBytes = 8 * 1024 * 1024

    private let configuration: StripeClientConfiguration
    private let client: HTTPClient
    private let timeout: TimeAmount

    init(_ configuration: StripeClientConfiguration) {
        self.configuration = configuration
        timeout = TimeAmount(configuration.requestTimeout)
        var http = HTTPClient.Configuration()
        // The key goes nowhere but to the configured host.
        http.redirectConfiguration = .disallow
        http.timeout.connect = timeout
        http.timeout.read = timeout
        // One more than are let through: the one that sees whether Stripe answers again may come on top.
        http.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.limits.concurrency + 1
        // An error of ours to see, not to be hidden: the retries are counted one layer up.
        http.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: http)
    }

    deinit {
        // The last request has ended; the client closes its idle connections by itself.
        _ = client.shutdown()
    }

    /// Sends the request and reads the whole answer.
    /// - Throws: ``StripeError`` of the kinds `connection` and `timeout`, `CancellationError`.
    func send(_ request: Request) async throws -> Answer {
        var http = HTTPClientRequest(url: configuration.baseURL + request.path)
        http.method = request.method
        http.headers.add(name: "Authorization", value: "Bearer \(configuration.apiKey)")
        http.headers.add(name: "Stripe-Version", value: configuration.apiVersion)
        http.headers.add(name: "User-Agent", value: "artesanos")
        if let key = request.idempotencyKey { http.headers.add(name: "Idempotency-Key", value: key) }
        if let body = request.body {
            http.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            http.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            let response = try await client.execute(http, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.maxAnswerBytes)
            return Answer(
                status: Int(response.status.code), headers: response.headers, body: [UInt8](body.readableBytesView))
        } catch {
            throw Self.failure(error, operation: request.operation)
        }
    }

    private static func failure(_ error: any Error, operation: String) -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        switch error as? HTTPClientError {
        case .deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout, .getConnectionFromPoolTimeout,
            .tlsHandshakeTimeout:
            return StripeError(.timeout, operation: operation)
        default:
            return StripeError(.connection, operation: operation)
        }
    }
}
