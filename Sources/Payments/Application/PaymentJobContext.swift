import Logging
import Outbox
import Postgres

/// What the jobs that call Stripe share.
struct PaymentJobContext: Sendable {
    let stripe: StripeClient
    let ledger: PaymentLedger
    let events: StripeEventIntake
    /// The pauses between tries of which it is not known whether they took place.
    let pauses: RetryPolicy
    let logger: Logger

    /// The pause after so many tries.
    func pause(after sends: Int) -> JobOutcome { .again(after: pauses.delay(attempt: sends + 1)) }

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
        try await PaymentStore(transaction).lockIntent(intent.id)
        guard let locked = try await ledger.lock(payment.id, intents: [intent], in: transaction) else { return }
        ended()
        var current = try await ledger.apply(
            .intent(intent, newFailure: locked.failures.isNew, failures: locked.failures.count),
            to: locked.payment, cause: cause, in: transaction
        ).payment
        if let then {
            current = try await ledger.apply(then, to: current, cause: cause, in: transaction).payment
        }
        try await events.applyWaiting(for: current, in: transaction)
    }
}
