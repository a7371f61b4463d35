import Foundation
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Proves that no saga was forgotten: unsettled ones whose deadline has no job that will run get one, and are counted.
/// The count should stay 0.
struct SagaSweep: JobHandler {
    static let kind = "saga.sweep"
    /// The most that one sweep takes up.
    private static let limit = 1_000

    let queue: JobQueue
    let interval: Duration
    let metrics: OrderMetrics
    let logger: Logger

    var kind: String { Self.kind }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: .max, base: .seconds(1), cap: .seconds(60)) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        let forgotten = try await transaction.query(SagaSQL.forgotten.bind(SagaEngine.deadlineJob, Self.limit))
        guard !forgotten.isEmpty else { return .again(after: interval) }
        let due = try forgotten.map { row in
            let (sagaID, orderID, deadline) = try row.decode(UUID.self, UUID.self, Date.self)
            return try NewJob.sagaDeadline(sagaID, of: orderID, at: deadline)
        }
        queue.schedule(due, in: transaction)
        transaction.afterCommit { [metrics, logger, count = forgotten.count] in
            metrics.sagasForgotten(count)
            logger.error("sagas without a live deadline", metadata: [LogKey.count: "\(count)"])
        }
        return .again(after: forgotten.count < Self.limit ? interval : .zero)
    }
}
