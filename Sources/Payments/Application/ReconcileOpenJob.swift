import Foundation
import Logging
import Outbox
import Postgres

/// Has Stripe asked about each payment that has been open for a while, and about events that nobody could place; schedules
/// calls again whose jobs are dead, so that no payment hangs for ever; and deletes old events.
struct ReconcileOpenJob: JobHandler {
    let jobs: JobQueue
    let interval: Duration
    let after: Duration
    let eventRetention: Duration
    let logger: Logger

    var kind: String { PaymentJobKind.reconcileOpen }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: .max, base: .seconds(1), cap: .seconds(60)) }

    /// As many as one run asks about; the rest are the next run's.
    private static let limit: Int64 = 500

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        let milliseconds = Int64(after / .milliseconds(1))
        let results = try await transaction.pipeline([
            PaymentSQL.unfinished.bind(milliseconds, Self.limit), StripeEventSQL.overdue.bind(milliseconds),
            StripeCallSQL.stranded.bind(milliseconds),
        ])
        let payments = try results[0].map { row in
            let id = try row.get(0, as: UUID.self)
            return try NewJob(
                PaymentJobKind.reconcile, key: "open:\(id.lowercased)",
                payload: ReconcileJobPayload(paymentId: id, cause: "reconciliation"))
        }
        let events = try results[1].map { row in
            let id = try row.get(0, as: String.self)
            return try NewJob(
                PaymentJobKind.reconcile, key: "event:\(id)",
                payload: ReconcileJobPayload(eventId: id, cause: "reconciliation"))
        }
        self.jobs.schedule(payments + events + (try results[2].map(revived)), in: transaction)
        transaction.enqueue(StripeEventSQL.prune.bind(Int64(eventRetention / .milliseconds(1))))
        return .again(after: interval)
    }

    /// Under the call's id, which a dead job has as its key when it was the first attempt's.
    private func revived(_ row: PostgresRow) throws -> NewJob {
        let call = try row.get(0, as: UUID.self)
        let kind = try row.get(3, as: String.self)
        logger.warning(
            "a call to stripe has no job, it is scheduled again",
            metadata: ["kind": "\(kind)", "call_id": "\(call.lowercased)"])
        guard let refund = try row.get(2, as: UUID?.self) else {
            return try NewJob(
                kind, key: call.lowercased, payload: PaymentJobPayload(try row.get(1, as: UUID.self)))
        }
        return try NewJob(kind, key: call.lowercased, payload: RefundJobPayload(refund))
    }
}
