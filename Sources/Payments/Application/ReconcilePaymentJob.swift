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
    /// ``PaymentJobKind/look`` or ``PaymentJobKind/reconcile``.
    let kind: String
    /// Before an event that has to wait on is looked at again; nil: the reconciliation sees to that.
    var pause: Duration?

    var concurrency: Int { 2 }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: 20, base: .milliseconds(200), cap: .seconds(60)) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        guard let job = jobs.first else { return .done }
        let payload = try job.decode(ReconcileJobPayload.self)
        do {
            return try await ServiceContext.withTraceparent(payload.traceparent) {
                switch try await target(payload, in: transaction) {
                case .intent(let id): return try await look(at: id, payload, in: transaction)
                case .foreign(let reason): ignore(payload, reason, in: transaction)
                case .nothing: break
                }
                return .done
            }
        } catch let error as StripeError where error.disposition == .refused {
            context.logger.warning("stripe does not show what was to be read", metadata: [LogKey.error: "\(error)"])
            return .done
        } catch let error as StripeError {
            if error.disposition == .unsent { return context.pause(error) }
            context.logger.warning("stripe could not be read, trying later", metadata: [LogKey.error: "\(error)"])
            return .again(after: context.pauses.cap)
        }
    }

    /// What is to be looked at.
    private enum Target {
        case intent(String)
        /// It is nothing to this service, and why.
        case foreign(String)
        /// There is nothing to be looked at (any more).
        case nothing
    }

    private func target(_ payload: ReconcileJobPayload, in transaction: PostgresTransaction) async throws -> Target {
        if let id = payload.paymentId {
            return try await PaymentStore(transaction).read(id)?.paymentIntentID.map { .intent($0) } ?? .nothing
        }
        guard let id = payload.eventId,
            let event = try await StripeEventStore(transaction).read(id), event.state == .pending
        else { return .nothing }
        if let intent = event.event.paymentIntentID { return .intent(intent) }
        do {
            let intent: String?
            if let refund = event.event.refundID {
                intent = try await context.stripe.retrieveRefund(refund).paymentIntent
            } else if let charge = event.event.namedChargeID {
                intent = try await context.stripe.retrieveCharge(charge).paymentIntent
            } else {
                intent = nil
            }
            return intent.map { .intent($0) } ?? .foreign("it belongs to no PaymentIntent")
        } catch let error as StripeError where error.code == "resource_missing" {
            return .foreign("Stripe does not know it")
        }
    }

    private var waitsOn: JobOutcome { pause.map { .again(after: $0) } ?? .done }

    /// Ends the event that asked for the look: whatever it is about, it is not this service's.
    private func ignore(_ payload: ReconcileJobPayload, _ reason: String, in transaction: PostgresTransaction) {
        guard let id = payload.eventId else { return }
        StripeEventStore(transaction).end(id, .ignored, outcome: reason)
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
            return try await missing(intentID, payload, cause, in: transaction)
        }
        let (intent, made) = read
        let store = PaymentStore(transaction)
        guard let payment = try await store.lock(intent: intentID) else {
            return try await place(intent, made, payload, cause, in: transaction)
        }
        let waiting = StripeEventStore(transaction)
        let events = try await waiting.pendingAtStart(intentID)
        let told = events.compactMap { event -> FailedTry? in
            if case .paymentIntent(let snapshot) = event.subject { snapshot.failedTry(at: event.failedAt) } else { nil }
        }
        let failures = try await store.countFailures(
            told + [intent.failedTry(at: nil)].compactMap { $0 }, of: payment.id)
        let result = try await context.ledger.apply(
            .intent(intent, newFailure: failures.isNew, failures: failures.count), to: payment, cause: cause,
            in: transaction)
        var current = result.payment
        let hasNewRefunds = try await refunds.apply(made, to: &current, cause: cause, in: transaction)
        end(events, payload, .processed, "read", payment: payment.id, in: transaction)
        transaction.enqueue(PaymentSQL.markReconciled.bind(payment.id))
        if payload.eventId == nil, current.status != payment.status || hasNewRefunds {
            transaction.afterCommit { [metrics = context.ledger.metrics] in metrics.gap("payment") }
        }
        return .done
    }

    /// A PaymentIntent that is no payment's (its lock is held): another application's, one whose making has not been
    /// answered yet, or a second one of an order.
    private func place(
        _ intent: StripePaymentIntent, _ made: [StripeRefund], _ payload: ReconcileJobPayload, _ cause: PaymentCause,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let waiting = StripeEventStore(transaction)
        let events = try await waiting.pendingAtStart(intent.id)
        guard let order = intent.orderID else {
            end(events, payload, .ignored, StripeEventRule.foreign, in: transaction)
            return .done
        }
        let store = PaymentStore(transaction)
        if let payment = try await store.lock(order: order), payment.paymentIntentID != nil || !payment.status.isOpen {
            let back = made.filter { !RefundStatus($0.status).isVoid }.reduce(0) { $0 + $1.amount }
            let result = try await context.ledger.apply(
                .otherIntent(kept: intent.amountReceived - back), to: payment, cause: cause, in: transaction)
            if result.ignored == nil {
                store.addHistory(result.payment, cause: cause, note: "second charge: \(intent.id)")
            }
            let outcome = "another PaymentIntent of the order"
            end(events, payload, .processed, outcome, payment: payment.id, in: transaction)
            return .done
        }
        // The event waits on, now under the PaymentIntent's id.
        if let id = payload.eventId { waiting.place(id, intent.id) }
        return waitsOn
    }

    /// Ends the events that waited for a PaymentIntent, and the one that asked for the look.
    private func end(
        _ events: [StripeEvent], _ payload: ReconcileJobPayload, _ state: StripeEventState, _ outcome: String,
        payment: UUID? = nil, in transaction: PostgresTransaction
    ) {
        let store = StripeEventStore(transaction)
        for id in Set(events.map(\.id) + [payload.eventId].compactMap { $0 }) {
            store.end(id, state, outcome: outcome, payment: payment)
        }
    }

    private func missing(
        _ intentID: String, _ payload: ReconcileJobPayload, _ cause: PaymentCause, in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let store = PaymentStore(transaction)
        guard let payment = try await store.lock(intent: intentID) else {
            if let id = payload.eventId, let event = try await StripeEventStore(transaction).read(id)?.event,
                case .paymentIntent(let shown) = event.subject, shown.orderID != nil
            {
                // It told of an order of ours: a key of another account must not make it vanish.
                return waitsOn
            }
            ignore(payload, "Stripe does not know it", in: transaction)
            return .done
        }
        try await context.ledger.apply(.intentMissing, to: payment, cause: cause, in: transaction)
        transaction.enqueue(PaymentSQL.markReconciled.bind(payment.id))
        return .done
    }
}
