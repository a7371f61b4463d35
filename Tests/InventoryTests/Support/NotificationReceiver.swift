import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// An endpoint that keeps what is posted to it, and answers as told.
final class NotificationReceiver: Sendable {
    struct Post: Sendable {
        let headers: HTTPFields
        let body: [UInt8]
    }

    private struct State {
        var posts: [Post] = []
        /// The next answers; then `standard`.
        var answers: [Int] = []
        var standard = 204
    }

    private let state = Mutex(State())

    var posts: [Post] { state.withLock { $0.posts } }

    func answer(_ statuses: [Int] = [], then standard: Int = 204) {
        state.withLock {
            $0.answers = statuses
            $0.standard = standard
        }
    }

    /// Runs the endpoint for as long as `body` runs, with its URL.
    static func run(_ body: (NotificationReceiver, String) async throws -> Void) async throws {
        let receiver = NotificationReceiver()
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "receiver")
        logger.logLevel = .critical
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in try await receiver.take(request) },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(services: [application], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = await iterator.next() ?? 0
            try await body(receiver, "http://127.0.0.1:\(port)/low-stock")
            await group.triggerGracefulShutdown()
        }
    }

    private func take(_ request: Request) async throws -> Response {
        let buffer = try await request.body.collect(upTo: 1024 * 1024)
        let status = state.withLock { state in
            state.posts.append(Post(headers: request.headers, body: Array(buffer.readableBytesView)))
            return state.answers.isEmpty ? state.standard : state.answers.removeFirst()
        }
        return Response(status: .init(code: status))
    }
}
