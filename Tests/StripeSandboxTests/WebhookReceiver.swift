import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// An endpoint that keeps what it is sent, and answers as told.
final class WebhookReceiver: Sendable {
    struct Delivery: Sendable {
        let signature: String
        let body: [UInt8]
        let status: Int

        var event: JSONObject { JSONObject(body) }
    }

    private struct State {
        var deliveries: [Delivery] = []
        /// The next answers; then 200.
        var answers: [Int] = []
    }

    private let state = Mutex(State())

    var deliveries: [Delivery] { state.withLock { $0.deliveries } }
    /// The types of what was taken, in the order in which it came.
    var types: [String] { deliveries.filter { $0.status == 200 }.map { $0.event.text("type") } }

    func answer(_ statuses: [Int]) { state.withLock { $0.answers = statuses } }

    /// Runs the endpoint for as long as `body` runs, with its URL.
    static func withReceiver<Result: Sendable>(
        _ body: (WebhookReceiver, String) async throws -> Result
    ) async throws -> Result {
        let receiver = WebhookReceiver()
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "receiver")
        logger.logLevel = .critical
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in try await receiver.take(request) },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
            logger: logger)
        return try await withService(application) {
            var port = 0
            for await bound in ports {
                port = bound
                break
            }
            return try await body(receiver, "http://127.0.0.1:\(port)/webhooks/stripe")
        }
    }

    private func take(_ request: Request) async throws -> Response {
        let buffer = try await request.body.collect(upTo: 1024 * 1024)
        let signature = HTTPField.Name("Stripe-Signature").flatMap { request.headers[$0] } ?? ""
        let status = state.withLock { state in
            let status = state.answers.isEmpty ? 200 : state.answers.removeFirst()
            state.deliveries.append(
                Delivery(signature: signature, body: [UInt8](buffer.readableBytesView), status: status))
            return status
        }
        return Response(status: .init(code: status))
    }
}
