import Logging
import Metrics
import Outbox
import Postgres
import ServiceRuntime

/// Posts one notification: at least once, with growing pauses between the tries; one that nobody takes stays as a dead
/// job with its last error, to be tried again by an operator.
struct DeliverNotification: JobHandler {
    static let kind = "notification.deliver"

    struct Payload: Codable, Sendable {
        let id: String
        /// The CloudEvent as it came.
        let event: String
    }

    let webhook: NotificationWebhook
    let retry: RetryPolicy
    let logger: Logger
    var kind: String { Self.kind }
    /// A slow receiver must not take all connections to the database.
    let concurrency = 2
    private let delivered: Counter
    private let failed: Counter
    private let dead: Counter

    init(_ configuration: NotificationConfiguration, logger: Logger) {
        webhook = NotificationWebhook(configuration)
        retry = RetryPolicy(
            maxAttempts: configuration.maxAttempts, base: configuration.retryBase, cap: configuration.retryCap)
        self.logger = logger
        func counter(_ outcome: String) -> Counter {
            let counter = Counter(label: "notification_deliveries_total", dimensions: [("outcome", outcome)])
            counter.increment(by: 0)
            return counter
        }
        delivered = counter("delivered")
        failed = counter("failed")
        dead = counter("dead")
    }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        for job in jobs {
            let payload = try job.decode(Payload.self)
            do {
                try await webhook.post(event: Array(payload.event.utf8), id: payload.id)
            } catch {
                if error is NotificationWebhook.Refused { failed.increment() }
                throw error
            }
            delivered.increment()
        }
        return .done
    }

    func exhausted(_ job: Job, error: String, in transaction: PostgresTransaction) async throws {
        transaction.afterCommit { [dead, logger] in
            dead.increment()
            logger.error(
                "notification was not delivered", metadata: [LogKey.job: "\(job.id)", LogKey.error: "\(error)"])
        }
    }
}
