import Foundation
import Hummingbird
import Outbox
import Postgres
import ServiceRuntime
import Synchronization
import TestSupport

/// A small service with a route, a consumer and a job, all of which leave a trace.
struct EchoService: ApplicationService {
    static let name = "orders"
    static let openAPI: String? = "openapi: 3.1.0\n"
    static let publicRoutes = ["GET /open"]

    let environment: ServiceEnvironment
    let stream: String
    var startChecks: [StartCheck] = []
    let seen = Seen()

    /// What has happened, in order.
    final class Seen: Sendable {
        private let stored = Mutex<[String]>([])
        let entered = Wakeup()
        let mayLeave = Wakeup()

        var all: [String] { stored.withLock { $0 } }
        func add(_ what: String) { stored.withLock { $0.append(what) } }
    }

    func addRoutes(to router: Router<AppRequestContext>) {
        router.get("/open") { _, _ in "open" }
        router.get("/orders/{id}") { _, context in try context.text("id") }
        // Holds its request until the test lets it go.
        router.get("/slow") { [seen] _, _ in
            seen.entered.notify()
            await seen.mayLeave.wait(upTo: .seconds(10))
            seen.add("answered")
            return "slow"
        }
        router.post("/jobs") { [environment] _, _ in
            try await environment.pool.withTransaction { transaction in
                try environment.jobs.schedule("echo", key: nil, payload: ["a": 1], in: transaction)
            }
            return HTTPResponse.Status.accepted
        }
    }

    var consumers: [ConsumerDefinition] {
        [ConsumerDefinition(name: "echo", stream: stream, types: ["\(stream).said"], handler: Handler(seen: seen))]
    }

    var jobs: [any JobHandler] { [EchoJob(seen: seen)] }

    private struct Handler: EventHandler {
        let seen: Seen

        func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
            let context = LogContext.current
            seen.add("event \(event.aggregateID) \(context?.consumer ?? "") \(context?.eventID == event.id.lowercased)")
            return .applied
        }
    }

    private struct EchoJob: JobHandler {
        let seen: Seen
        let kind = "echo"
        let retry = RetryPolicy()

        func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
            seen.add("job")
            return .done
        }
    }
}
