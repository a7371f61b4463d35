import Foundation
import Logging
import Outbox
import Postgres
import ServiceContextModule
import ServiceRuntime

/// Looks at one payment at Stripe, and applies what it shows: because an event asked for it, because the payment has been
/// open for a while, or because an operator wants to know.
struct ReconcilePaymentJob: JobHandler {
    let context: PaymentJobContext
    let refunds: RefundSync

    var kind: String { PaymentJobKind.reconcile }
    var concurrency: Int { 2 }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: 20, base: .milliseconds(200), cap: .seconds(60)) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        guard let job = jobs.first else { return .done }
        let payload = try job.decode(ReconcileJobPayload.self)
        do {
            guard let intentID = try await paymentIntent(payload, in: transaction) else { return .done }
            return try await ServiceContext.withTraceparent(payload.traceparent) {
                try await look(at: intentID, payload, in: transaction)
            }
        } catch let error as StripeError where error.disposition == .refused {
            context.logger.warning("stripe does not show what was to be read", metadata: [LogKey.error: "\(error)"])
            return .done
        } catch let error as StripeError {
            context.logger.warning("stripe could not be read, trying later", metadata: [LogKey.error: "\(error)"])
            return .again(after: context.pauses.cap)
        }
    }

    /// Which PaymentIntent it is about; nil when there is none (any more).
    private func paymentIntent(
        _ payload: ReconcileJobPayload, in transaction: PostgresTransaction
    ) async throws -> String? {
        if let id = payload.paymentId {
            return try await PaymentStore(transaction).read(id)?.paymentIntentID
        }
        guard let id = payload.eventId,
            let event = try await StripeEventStore(transaction).read(id), event.state == .pending
        else { return nil }
        if let intent = event.event.paymentIntentID { return intent }
        guard let refund = event.event.refundID else { return nil }
        return try await context.stripe.retrieveRefund(refund).paymentIntent
    }

    private func look(
        at intentID: String, _ payload: ReconcileJobPayload, in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let cause = PaymentCause(kind: payload.cause, id: payload.eventId)
        let read: (StripePaymentIntent, [StripeRefund])
        do {
            let intent = try await context.stripe.retrievePaymentIntent(intentID)
            read = (
                intent,
                intent.amountReceived > 0 ? try await context.stripe.refunds(ofPaymentIntent: intentID) : []
            )
        } catch let error as StripeError where error.code == "resource_missing" {
            try await missing(intentID, cause, in: transaction)
            return .done
        }
        let (intent, made) = read
        let store = PaymentStore(transaction)
        let waiting = StripeEventStore(transaction)
        guard let payment = try await store.lock(intent: intentID) else {
            // Not known yet: the event waits on, now under the PaymentIntent's id.
            if let id = payload.eventId { waiting.place(id, intentID) }
            return .done
        }
        let events = try await waiting.pending(intentID)
        let told =
            [intent]
            + events.compactMap { event in
                if case .paymentIntent(let snapshot) = event.subject { snapshot } else { nil }
            }
        let failures = try await store.countFailures(told, of: payment.id)
        let result = try await context.ledger.apply(
            .intent(intent, newFailure: failures.isNew, failures: failures.count), to: payment, cause: cause,
            in: transaction)
        var current = result.payment
        let hasNewRefunds = try await refunds.apply(made, to: &current, cause: cause, in: transaction)
        for event in events { waiting.end(event.id, .processed, outcome: "read", payment: payment.id) }
        if let id = payload.eventId, !events.contains(where: { $0.id == id }) {
            waiting.end(id, .processed, outcome: "read", payment: payment.id)
        }
        transaction.enqueue(PaymentSQL.markReconciled.bind(payment.id))
        if payload.eventId == nil, current.status != payment.status || hasNewRefunds {
            transaction.afterCommit { [metrics = context.ledger.metrics] in metrics.gap("payment") }
        }
        return .done
    }

    private func missing(_ intentID: String, _ cause: PaymentCause, in transaction: PostgresTransaction) async throws {
        let store = PaymentStore(transaction)
        guard let payment = try await store.lock(intent: intentID) else { return }
        try await context.ledger.apply(.intentMissing, to: payment, cause: cause, in: transaction)
        transaction.enqueue(PaymentSQL.markReconciled.bind(payment.id))
    }
}
