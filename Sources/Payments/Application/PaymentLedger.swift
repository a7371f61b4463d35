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
        let decision = PaymentTransition.decide(payment, input, policy: policy)
        guard decision.ignored == nil else { return (payment, decision.ignored) }
        return (try await carryOut(decision, before: payment, cause: cause, in: transaction), nil)
    }

    /// Something about an order, whose payment may not be there yet.
    struct Request: Sendable {
        let input: PaymentInput
        let order: UUID
        let saga: UUID
        let cause: PaymentCause
        let traceparent: String?
    }

    /// Makes the decisions about several orders' payments, at most one each, and carries them out. The payments are
    /// inserted or locked in one round trip.
    func apply(_ requests: [Request], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        let beginnings = requests.map { request in
            PaymentTransition.begin(
                Payment(id: .v7(), orderID: request.order, sagaID: request.saga, status: .awaitingOrder),
                request.input)
        }
        let known = try await PaymentStore(transaction).insertOrLock(beginnings.map(\.payment))
        var outcomes: [HandlerOutcome] = []
        for (index, request) in requests.enumerated() {
            let outcome = try await ServiceContext.withTraceparent(request.traceparent) { () -> HandlerOutcome in
                guard let payment = known[index] else {
                    try await carryOut(beginnings[index], before: nil, cause: request.cause, in: transaction)
                    return .applied
                }
                let ignored = try await apply(request.input, to: payment, cause: request.cause, in: transaction).ignored
                return ignored.map { .ignored($0) } ?? .applied
            }
            outcomes.append(outcome)
        }
        return outcomes
    }

    @discardableResult
    private func carryOut(
        _ decision: PaymentDecision, before: Payment?, cause: PaymentCause, in transaction: PostgresTransaction
    ) async throws -> Payment {
        let store = PaymentStore(transaction)
        var payment = decision.payment
        var events: [OutboxEvent] = []
        for effect in decision.effects {
            switch effect {
            case .createIntent: try persistCreation(payment, in: transaction)
            case .cancelIntent: try await persistCancellation(payment, in: transaction)
            case .refundInFull(let reason):
                events += try await refundInFull(&payment, reason: reason, in: transaction)
            case .publish(let news): events.append(try PaymentEvents.event(news, payment))
            case .alert(let code): alert(code, payment, in: transaction)
            }
        }
        if let before, before != payment { store.update(payment) }
        let told = decision.effects.map { "\($0)" }.joined(separator: ", ")
        store.addHistory(payment, from: before?.status, cause: cause, note: told.isEmpty ? nil : told)
        outbox.append(events, in: transaction)
        note(payment, before: before, cause: cause, in: transaction)
        return payment
    }

    // MARK: Calls

    /// Both calls are persisted at once: the confirmation needs nothing from the answer but the id in its path.
    private func persistCreation(_ payment: Payment, in transaction: PostgresTransaction) throws {
        let calls = StripeCallStore(transaction)
        let id = UUID.v7()
        calls.enqueue(
            StripeCall(id: id, kind: .create, body: StripeRequests.create(payment, attempt: id)), of: payment.id)
        if payment.isServerConfirmed {
            calls.enqueue(
                StripeCall(id: .v7(), kind: .confirm, body: StripeRequests.confirm(payment)), of: payment.id)
        }
        try jobs.schedule(
            PaymentJobKind.createIntent, key: id.lowercased, payload: PaymentJobPayload(payment.id), in: transaction)
    }

    private func persistCancellation(_ payment: Payment, in transaction: PostgresTransaction) async throws {
        let call = StripeCall(id: .v7(), kind: .cancel, body: StripeRequests.cancel(payment))
        guard try await StripeCallStore(transaction).insert(call, of: payment.id) else { return }
        try jobs.schedule(
            PaymentJobKind.cancelIntent, key: call.id.lowercased, payload: PaymentJobPayload(payment.id),
            in: transaction)
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
            payment, from: payment.status, cause: cause,
            note: "refund \(refund.id.lowercased) \(refund.status.rawValue)")
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
