import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Proves that no hold was forgotten: overdue ones whose expiry job is missing or dead get one that is due now, and are
/// counted. The count should stay 0.
struct SweepReservations: JobHandler {
    static let kind = "reservation.sweep"
    var kind: String { Self.kind }
    let retry = RetryPolicy(maxAttempts: .max, base: .seconds(1), cap: .seconds(60))
    let interval: Duration
    let jobs: JobQueue
    let metrics: InventoryMetrics
    let logger: Logger

    /// The most that one sweep takes up.
    private static let limit: Int64 = 1000

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        let found = try await transaction.query(
            ReservationSQL.rescheduleMissed.bind(StockBookStore.expiryKind, Self.limit)
        ).count
        guard found > 0 else { return .again(after: interval) }
        transaction.afterCommit { [metrics, logger, jobs = self.jobs] in
            metrics.foundBySweep(found)
            logger.error("holds without an expiry job", metadata: [LogKey.count: "\(found)"])
            jobs.notify(StockBookStore.expiryKind)
        }
        return .again(after: found < Self.limit ? interval : .zero)
    }
}
