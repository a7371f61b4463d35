import Contracts
import Foundation
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Takes events of Stripe's, however they come: the event's row, its effect and the events that follow are one
/// transaction.
struct StripeEventIntake: Sendable {
    /// What came of an event.
    struct Result: Sendable, Hashable {
        /// The same event had been taken before.
        let isDuplicate: Bool
        let state: StripeEventState?
        let outcome: String
    }

    let pool: PostgresPool
    let jobs: JobQueue
    let ledger: PaymentLedger
    let logger: Logger

    /// Takes an event. When it cannot be applied it is kept as failed, with its error, and the error is thrown: so that
    /// Stripe delivers it again, and an operator finds it.
    func take(_ event: StripeEvent, from source: StripeEventSource) async throws -> Result {
        let start = ContinuousClock.now
        do {
            let result = try await pool.withTransaction { transaction in
                let intent = try await paymentIntent(of: event, in: transaction)
                let kept = try await StripeEventStore(transaction).insert(event, source: source, locking: intent)
                guard kept.isNew else { return Result(isDuplicate: true, state: nil, outcome: "duplicate") }
                return try await apply(event, to: kept.payment, source: source, in: transaction).result
            }
            note(event, result.isDuplicate ? "duplicate" : result.state?.rawValue ?? "", result.outcome, start, source)
            return result
        } catch let error as PostgresError where Self.isPassing(error) {
            // Nothing of it is kept: Stripe delivers it again.
            note(event, "unavailable", "\(error)", start, source)
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            note(event, "failed", "\(error)", start, source)
            try await pool.withTransaction { transaction in
                try StripeEventStore(transaction).fail(event, source: source, error: "\(error)")
            }
            throw error
        }
    }

    /// The database is away, or this process is stopping: nothing of the event is kept.
    static func isPassing(_ error: PostgresError) -> Bool {
        error.isTransient || [.cancelled, .poolClosed, .commitOutcomeUnknown].contains(error.code)
    }

    /// Applies a stored event again, whatever came of it before: what it tells only leads forward, so that does no harm.
    /// - Returns: nil when there is no such event.
    func replay(_ id: String) async throws -> Result? {
        try await pool.withTransaction { transaction in
            let store = StripeEventStore(transaction)
            guard let stored = try await store.read(id) else { return nil }
            // The PaymentIntent before the event: see ``StripeEventStore/insert(_:source:locking:)``.
            var payment: Payment?
            if let intent = try await paymentIntent(of: stored.event, in: transaction) {
                payment = try await PaymentStore(transaction).lock(intent: intent)
            }
            guard let event = try await store.lock(id)?.event else { return nil }
            return try await apply(event, to: payment, source: .webhook, in: transaction).result
        }
    }

    /// Applies the events that came before their PaymentIntent was known here. The payment is locked, and so is the
    /// PaymentIntent (``StripeEventStore/lock(_:intent:)``).
    func apply(_ waiting: [StripeEvent], to payment: Payment, in transaction: PostgresTransaction) async throws {
        var current = payment
        for event in waiting {
            current = try await apply(event, to: current, source: .webhook, in: transaction).payment ?? current
        }
    }

    /// The PaymentIntent that a handled event is about, as far as it is known here.
    private func paymentIntent(of event: StripeEvent, in transaction: PostgresTransaction) async throws -> String? {
        guard StripeEventRule.handledTypes.contains(event.type) else { return nil }
        if let intent = event.paymentIntentID { return intent }
        guard let refund = event.refundID else { return nil }
        return try await RefundStore(transaction).paymentIntent(ofStripeRefund: refund)
    }

    private func apply(
        _ event: StripeEvent, to payment: Payment?, source: StripeEventSource, in transaction: PostgresTransaction
    ) async throws -> (result: Result, payment: Payment?) {
        let events = StripeEventStore(transaction)
        func end(_ state: StripeEventState, _ outcome: String) -> Result {
            events.end(event.id, state, outcome: outcome, payment: payment?.id)
            return Result(isDuplicate: false, state: state, outcome: outcome)
        }
        switch StripeEventRule.decide(event, try await knowledge(event, payment, in: transaction)) {
        case .ignore(let reason): return (end(.ignored, reason), payment)
        case .known(let reason): return (end(.processed, reason), payment)
        case .wait:
            // Only Stripe can tell which PaymentIntent it belongs to, or whose that one is.
            if !event.showsPaymentIntent { try ask(event, payment, source, in: transaction) }
            return (end(.pending, "unknown PaymentIntent"), payment)
        case .read:
            try ask(event, payment, source, in: transaction)
            return (end(.pending, "asking Stripe"), payment)
        case .apply(let intent):
            guard let payment else { return (end(.pending, "unknown PaymentIntent"), payment) }
            let failures = try await PaymentStore(transaction).countFailures(
                intent.failedTry(at: event.failedAt).map { [$0] } ?? [], of: payment.id)
            let result = try await ledger.apply(
                .intent(intent, newFailure: failures.isNew, failures: failures.count), to: payment,
                cause: PaymentCause(kind: source.rawValue, id: event.id), in: transaction)
            return (end(.processed, result.ignored ?? "applied"), result.payment)
        }
    }

    private func knowledge(
        _ event: StripeEvent, _ payment: Payment?, in transaction: PostgresTransaction
    ) async throws -> StripeEventRule.Knowledge {
        var known = StripeEventRule.Knowledge(payment: payment)
        guard let payment else { return known }
        switch event.subject {
        case .paymentIntent(let intent):
            if let failed = intent.failedTry(at: event.failedAt) {
                known.isFailureCounted = try await PaymentStore(transaction).isCounted(failed, of: payment.id)
            }
        case .refund(let refund):
            let refunds = try await RefundStore(transaction).ofPayment(payment.id)
            known.refundStatus = refunds.first { $0.stripeRefundID == refund.id }?.status
        case .charge:
            known.refundedSoFar = try await RefundStore(transaction).ofPayment(payment.id)
                .filter { $0.status == .succeeded }.reduce(0) { $0 + $1.amount.amount }
        case .named: break
        }
        return known
    }

    /// Schedules a look at Stripe. Without a key: the row of a job under one may be held by a run that waits for the
    /// payment's lock, which is ours.
    private func ask(
        _ event: StripeEvent, _ payment: Payment?, _ source: StripeEventSource, in transaction: PostgresTransaction
    ) throws {
        try jobs.schedule(
            PaymentJobKind.look, key: nil,
            payload: ReconcileJobPayload(paymentId: payment?.id, eventId: event.id, cause: source.rawValue),
            in: transaction)
    }

    /// Never anything of the payload: it is about a person.
    private func note(
        _ event: StripeEvent, _ state: String, _ outcome: String, _ start: ContinuousClock.Instant,
        _ source: StripeEventSource
    ) {
        ledger.metrics.webhook(type: event.type, outcome: state)
        let elapsed = (ContinuousClock.now - start) / .milliseconds(1)
        let isTaken = state != "failed" && state != "unavailable"
        logger.log(
            level: isTaken ? .info : .warning, isTaken ? "stripe event taken" : "stripe event not taken",
            metadata: [
                LogKey.eventID: "\(event.id)", LogKey.eventType: "\(event.type)", "state": "\(state)",
                "outcome": "\(outcome)", "source": "\(source.rawValue)",
                LogKey.durationMilliseconds: "\((elapsed * 100).rounded() / 100)",
            ])
    }
}
