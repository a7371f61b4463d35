import Contracts
import Foundation
import Logging
import Outbox
import Postgres
import ServiceContextModule
import ServiceRuntime

/// Carries decisions out, in the transaction in which they were made: the row, its history, the calls and jobs that have
/// to follow, and the events for the other services.
struct PaymentLedger: Sendable {
    let outbox: OutboxWriter
    let jobs: JobQueue
    let policy: PaymentPolicy
    let metrics: PaymentMetrics
    let logger: Logger

    static let source = "/artesanos/payments"

    /// Makes a decision about a payment that is locked, and carries it out.
    /// - Returns: the payment as it is then, and why nothing was done, if so.
    @discardableResult
    func apply(
        _ input: PaymentInput, to payment: Payment, cause: PaymentCause, in transaction: PostgresTransaction
    ) async throws -> (payment: Payment, ignored: String?) {
        var changes = PaymentChanges()
        let result = try await apply(input, to: payment, cause: cause, &changes, in: transaction)
        write(changes, in: transaction)
        return result
    }

    private func apply(
        _ input: PaymentInput, to payment: Payment, cause: PaymentCause, _ changes: inout PaymentChanges,
        in transaction: PostgresTransaction
    ) async throws -> (payment: Payment, ignored: String?) {
        let decision = PaymentTransition.decide(payment, input, policy: policy)
        guard decision.ignored == nil else { return (payment, decision.ignored) }
        let now = try await carryOut(decision, before: payment, cause: cause, &changes, in: transaction)
        return (now, nil)
    }

    /// Something about an order, whose payment may not be there yet.
    struct Request: Sendable {
        let input: PaymentInput
        let order: UUID
        let saga: UUID
        let cause: PaymentCause
        let traceparent: String?
    }

    /// Makes the decisions about several orders' payments, at most one each, and carries them out: one round trip to insert
    /// or lock the payments, and what is written goes with COMMIT.
    func apply(_ requests: [Request], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        let beginnings = requests.map { request in
            PaymentTransition.begin(
                Payment(id: .v7(), orderID: request.order, sagaID: request.saga, status: .awaitingOrder),
                request.input)
        }
        let known = try await PaymentStore(transaction).insertOrLock(beginnings.map(\.payment))
        var changes = PaymentChanges()
        var outcomes: [HandlerOutcome] = []
        for (request, beginning) in zip(requests, beginnings) {
            let outcome = try await ServiceContext.withTraceparent(request.traceparent) { () -> HandlerOutcome in
                guard let payment = known[request.order] else {
                    try await carryOut(beginning, before: nil, cause: request.cause, &changes, in: transaction)
                    return .applied
                }
                let ignored = try await apply(
                    request.input, to: payment, cause: request.cause, &changes, in: transaction
                ).ignored
                return ignored.map { .ignored($0) } ?? .applied
            }
            outcomes.append(outcome)
        }
        write(changes, in: transaction)
        return outcomes
    }

    @discardableResult
    private func carryOut(
        _ decision: PaymentDecision, before: Payment?, cause: PaymentCause, _ changes: inout PaymentChanges,
        in transaction: PostgresTransaction
    ) async throws -> Payment {
        var payment = decision.payment
        for effect in decision.effects {
            switch effect {
            case .createIntent: try persistCreation(payment, &changes)
            case .cancelIntent: try await persistCancellation(payment, &changes, in: transaction)
            case .refundInFull(let reason):
                changes.events += try await refundInFull(&payment, reason: reason, in: transaction)
            case .publish(let news): changes.events.append(try PaymentEvents.event(news, payment))
            case .alert(let code): alert(code, payment, in: transaction)
            }
        }
        if let before, before != payment { changes.payments.append(payment) }
        let told = decision.effects.map { "\($0)" }.joined(separator: ", ")
        changes.history.append(
            PaymentChanges.HistoryEntry(
                payment: payment, from: before?.status, cause: cause, note: told.isEmpty ? nil : told))
        note(payment, before: before, cause: cause, in: transaction)
        return payment
    }

    private func write(_ changes: PaymentChanges, in transaction: PostgresTransaction) {
        let store = PaymentStore(transaction)
        store.update(changes.payments)
        store.addHistory(changes.history)
        StripeCallStore(transaction).enqueue(changes.calls)
        jobs.schedule(changes.jobs, in: transaction)
        outbox.append(changes.events, in: transaction)
    }

    // MARK: Calls

    /// Both calls are persisted at once: the confirmation needs nothing from the answer but the id in its path.
    private func persistCreation(_ payment: Payment, _ changes: inout PaymentChanges) throws {
        let id = UUID.v7()
        changes.calls.append(
            (StripeCall(id: id, kind: .create, body: StripeRequests.create(payment, attempt: id)), payment.id))
        if payment.isServerConfirmed {
            changes.calls.append(
                (StripeCall(id: .v7(), kind: .confirm, body: StripeRequests.confirm(payment)), payment.id))
        }
        changes.jobs.append(
            try NewJob(PaymentJobKind.createIntent, key: id.lowercased, payload: PaymentJobPayload(payment.id)))
    }

    private func persistCancellation(
        _ payment: Payment, _ changes: inout PaymentChanges, in transaction: PostgresTransaction
    ) async throws {
        let call = StripeCall(id: .v7(), kind: .cancel, body: StripeRequests.cancel(payment))
        guard try await StripeCallStore(transaction).insert(call, of: payment.id) else { return }
        changes.jobs.append(
            try NewJob(
                PaymentJobKind.cancelIntent, key: call.id.lowercased, payload: PaymentJobPayload(payment.id)))
    }

    // MARK: Refunds

    private func refundInFull(
        _ payment: inout Payment, reason: String, in transaction: PostgresTransaction
    ) async throws -> [OutboxEvent] {
        let refunds = try await RefundStore(transaction).ofPayment(payment.id)
        switch RefundInFull.decide(payment, refunds: refunds, reason: reason, id: .v7()) {
        case .isUnderway: return []
        case .make(let refund):
            try persist(refund, of: &payment, in: transaction)
            return []
        case .tellAgain(let refunds): return try refunds.map { try PaymentEvents.refunded($0, payment) }
        }
    }

    /// Persists a refund and the call for it, takes its amount from what can be refunded, and schedules the job. The
    /// payment is locked; the caller stores it.
    func persist(_ refund: Refund, of payment: inout Payment, in transaction: PostgresTransaction) throws {
        payment.refunded += refund.amount.amount
        RefundStore(transaction).insert(refund)
        StripeCallStore(transaction).enqueue(
            StripeCall(
                id: refund.id, kind: .refund, body: StripeRequests.refund(refund, of: payment), refundID: refund.id),
            of: payment.id)
        try jobs.schedule(
            PaymentJobKind.refund, key: refund.id.lowercased, payload: RefundJobPayload(refund.id), in: transaction)
    }

    /// Carries out what Stripe's word about a refund leads to. The payment is locked.
    func carryOut(
        _ decision: RefundDecision, of payment: inout Payment, cause: PaymentCause,
        in transaction: PostgresTransaction
    ) throws {
        guard !decision.isKnown else { return }
        let refund = decision.refund
        RefundStore(transaction).update(refund)
        let store = PaymentStore(transaction)
        if decision.isReleased {
            payment.refunded -= refund.amount.amount
            store.update(payment)
            alert("refund_failed", payment, in: transaction)
            transaction.afterCommit { [metrics] in metrics.refundFailed(refund.origin) }
        }
        store.addHistory(
            payment, cause: cause, note: "refund \(refund.id.lowercased) \(refund.status.rawValue)")
        if decision.isPublished { outbox.append([try PaymentEvents.refunded(refund, payment)], in: transaction) }
        if decision.isTakenBack { outbox.append([try PaymentEvents.refundFailed(refund, payment)], in: transaction) }
    }

    // MARK: Telling

    /// Tells a person: in the log, in a metric, and, where the row says so, in the view `payment_attention`.
    func alert(_ code: String, _ payment: Payment, in transaction: PostgresTransaction) {
        transaction.afterCommit { [metrics, logger] in
            metrics.alert(code)
            logger.error(
                "payment needs attention",
                metadata: [
                    "code": "\(code)", "payment_id": "\(payment.id.lowercased)",
                    LogKey.orderID: "\(payment.orderID.lowercased)",
                    "payment_intent_id": "\(payment.paymentIntentID ?? "")",
                ])
        }
    }

    private func note(
        _ payment: Payment, before: Payment?, cause: PaymentCause, in transaction: PostgresTransaction
    ) {
        guard before?.status != payment.status else { return }
        transaction.afterCommit { [metrics, logger] in
            switch payment.status {
            case .succeeded: metrics.ended(succeeded: true)
            case .failed: metrics.ended(succeeded: false)
            default: break
            }
            logger.info(
                "payment changed",
                metadata: [
                    "payment_id": "\(payment.id.lowercased)", LogKey.orderID: "\(payment.orderID.lowercased)",
                    LogKey.sagaID: "\(payment.sagaID.lowercased)", "from": "\(before?.status.rawValue ?? "")",
                    "to": "\(payment.status.rawValue)", "cause": "\(cause.kind)",
                ])
        }
    }
}
