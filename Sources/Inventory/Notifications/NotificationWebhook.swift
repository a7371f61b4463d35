import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Posts notifications to the configured address.
final class NotificationWebhook: Sendable {
    /// The receiver did not take it.
    struct Refused: Error, CustomStringConvertible {
        /// Nil when there was no answer.
        let status: Int?

        var description: String { status.map { "the receiver answered \($0)" } ?? "the receiver did not answer" }
    }

    /// What a receiver says is not read beyond this.
    private static let maxAnswerBytes = 64 * 1024

    private let configuration: NotificationConfiguration
    private let signature: WebhookSignature
    private let client: HTTPClient

    init(_ configuration: NotificationConfiguration) {
        self.configuration = configuration
        signature = WebhookSignature(secrets: configuration.secrets)
        var http = HTTPClient.Configuration()
        // Signed for the configured receiver, and for nobody it may point to.
        http.redirectConfiguration = .disallow
        http.timeout.connect = TimeAmount(configuration.timeout)
        http.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: http)
    }

    deinit {
        // The last post has ended; the client closes its idle connections by itself.
        _ = client.shutdown()
    }

    /// - Parameters:
    ///   - event: a CloudEvent.
    ///   - id: its id.
    /// - Throws: ``Refused`` unless the answer is 2xx; `CancellationError`.
    func post(event: [UInt8], id: String) async throws {
        var request = HTTPClientRequest(url: configuration.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/cloudevents+json; charset=utf-8")
        request.headers.add(name: "User-Agent", value: "artesanos")
        // The time of this try: a receiver refuses what is old.
        let now = Int64(Date().timeIntervalSince1970)
        for (name, value) in signature.headers(id: id, timestamp: now, body: event) {
            request.headers.add(name: name, value: value)
        }
        request.body = .bytes(ByteBuffer(bytes: event))
        let status: Int
        do {
            let response = try await client.execute(request, timeout: TimeAmount(configuration.timeout))
            status = Int(response.status.code)
            // So that the connection can be used again; what it says does not matter.
            _ = try? await response.body.collect(upTo: Self.maxAnswerBytes)
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            throw Refused(status: nil)
        }
        guard (200..<300).contains(status) else { throw Refused(status: status) }
    }
}
