import Foundation
import Outbox
import Postgres

/// Has Stripe asked about each payment that has been open for a while, and about events that nobody could place; and
/// deletes old events.
struct ReconcileOpenJob: JobHandler {
    let jobs: JobQueue
    let interval: Duration
    let after: Duration
    let eventRetention: Duration

    var kind: String { PaymentJobKind.reconcileOpen }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: .max, base: .seconds(1), cap: .seconds(60)) }

    /// As many as one run asks about; the rest are the next run's.
    private static let limit: Int64 = 500

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        let milliseconds = Int64(after / .milliseconds(1))
        let results = try await transaction.pipeline([
            PaymentSQL.unfinished.bind(milliseconds, Self.limit), StripeEventSQL.overdue.bind(milliseconds),
        ])
        for row in results[0] {
            let id = try row.get(0, as: UUID.self)
            try self.jobs.schedule(
                PaymentJobKind.reconcile, key: "open:\(id.lowercased)",
                payload: ReconcileJobPayload(paymentId: id, cause: "reconciliation"), in: transaction)
        }
        for row in results[1] {
            let id = try row.get(0, as: String.self)
            try self.jobs.schedule(
                PaymentJobKind.reconcile, key: "event:\(id)",
                payload: ReconcileJobPayload(eventId: id, cause: "reconciliation"), in: transaction)
        }
        transaction.enqueue(StripeEventSQL.prune.bind(Int64(eventRetention / .milliseconds(1))))
        return .again(after: interval)
    }
}
