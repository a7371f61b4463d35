import Logging
import Outbox
import Postgres
import ServiceContextModule
import ServiceRuntime

/// What the jobs that call Stripe share.
struct PaymentJobContext: Sendable {
    let stripe: StripeClient
    let ledger: PaymentLedger
    let intake: StripeEventIntake
    /// The pauses between tries of which it is not known whether they took place.
    let pauses: RetryPolicy
    let logger: Logger

    /// Runs the work of a job under the trace and the ids that it is about.
    func run(
        _ payment: Payment, traceparent: String?, _ work: () async throws -> JobOutcome
    ) async throws -> JobOutcome {
        try await ServiceContext.withTraceparent(traceparent) {
            try await LogContext.with(
                orderID: payment.orderID.lowercased, sagaID: payment.sagaID.lowercased, work)
        }
    }

    /// The pause after so many tries.
    func pause(after sends: Int) -> JobOutcome { .again(after: pauses.delay(attempt: sends + 1)) }

    /// The pause before what was not sent is tried again; not all at once, when Stripe is there again.
    func pause(_ unsent: StripeError) -> JobOutcome {
        let pause = unsent.retryAfter ?? .seconds(1)
        return .again(after: pause + max(pause / 4, .milliseconds(100)) * .random(in: 0..<1))
    }

    /// A call of which it is not known whether it took place is made again later, with the same key. One that was not even
    /// made costs no try: the order waits until Stripe is there again, or its deadline has come.
    func later(_ call: StripeCall, _ error: StripeError?, in transaction: PostgresTransaction) -> JobOutcome {
        if let error, error.disposition == .unsent { return pause(error) }
        StripeCallStore(transaction).noteUnknown(call, error)
        return pause(after: call.sends)
    }

    /// Applies a PaymentIntent as Stripe has just shown it, and what waited for it.
    ///
    /// No row of a call may have been changed before this in the transaction: whoever holds the payment's lock may want to
    /// add one, and would wait for us while we wait for the payment.
    /// - Parameters:
    ///   - ended: done once the payment is locked.
    ///   - then: a further input, after the PaymentIntent itself.
    func apply(
        _ intent: StripePaymentIntent, to payment: Payment, cause: PaymentCause, then: PaymentInput? = nil,
        in transaction: PostgresTransaction, ended: () -> Void
    ) async throws {
        guard
            let (locked, waiting) = try await StripeEventStore(transaction).lock(payment.id, intent: intent.id)
        else { return }
        ended()
        let failures = try await PaymentStore(transaction).countFailures(
            intent.failedTry(at: nil).map { [$0] } ?? [], of: payment.id)
        var current = try await ledger.apply(
            .intent(intent, newFailure: failures.isNew, failures: failures.count), to: locked, cause: cause,
            in: transaction
        ).payment
        if let then {
            current = try await ledger.apply(then, to: current, cause: cause, in: transaction).payment
        }
        guard current.paymentIntentID == intent.id else { return }
        try await intake.apply(waiting, to: current, in: transaction)
    }
}
