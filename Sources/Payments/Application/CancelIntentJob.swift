import Foundation
import Outbox
import Postgres
import ServiceRuntime

/// Cancels a PaymentIntent, and tells how it ended when that is not to be had any more.
struct CancelIntentJob: JobHandler {
    let context: PaymentJobContext
    let concurrency: Int

    var kind: String { PaymentJobKind.cancelIntent }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: 20, base: .milliseconds(200), cap: .seconds(60)) }

    private var cause: PaymentCause { PaymentCause(kind: kind, id: nil) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        guard let job = jobs.first else { return .done }
        let payload = try job.decode(PaymentJobPayload.self)
        guard
            let (payment, calls) = try await StripeCallStore(transaction).payment(
                payload.paymentId, withPending: [.cancel]),
            let intentID = payment.paymentIntentID, let call = calls.first
        else { return .done }
        return try await context.run(payment, traceparent: payload.traceparent) {
            try await run(call, intentID, of: payment, in: transaction)
        }
    }

    private func run(
        _ call: StripeCall, _ intentID: String, of payment: Payment, in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        let attempt = try await StripeAttempt.make(logger: context.logger) {
            try await context.stripe.cancelPaymentIntent(
                intentID, body: call.body, idempotencyKey: call.idempotencyKey)
        }
        switch attempt {
        case .done(let intent):
            try await context.apply(intent, to: payment, cause: cause, in: transaction) {
                calls.end(call, .succeeded)
            }
            return .done
        case .refused(let error):
            if let intent = error.paymentIntent {
                return try await refused(intent, error, call, of: payment, in: transaction)
            }
            return try await read(error, call, intentID, of: payment, in: transaction)
        case .unknown(let error), .unsent(let error):
            return context.later(call, error, in: transaction)
        case .fixed(let error):
            return try await read(error, call, intentID, of: payment, in: transaction)
        }
    }

    /// It has ended another way, or is being processed. Should that fail, whoever shows it next finds the wish to cancel.
    private func refused(
        _ intent: StripePaymentIntent, _ error: StripeError, _ call: StripeCall, of payment: Payment,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let store = PaymentStore(transaction)
        guard let locked = try await store.lock(payment.id) else { return .done }
        _ = try await store.countFailures(intent.failedTry(at: nil).map { [$0] } ?? [], of: payment.id)
        StripeCallStore(transaction).end(call, .failed, error: error)
        try await context.ledger.apply(.cancelRefused(intent), to: locked, cause: cause, in: transaction)
        return .done
    }

    /// The answer tells nothing of the PaymentIntent: it is read. When it is still there to be cancelled, it is tried
    /// again under a new key.
    private func read(
        _ error: StripeError, _ call: StripeCall, _ intentID: String, of payment: Payment,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        let read = try await StripeAttempt.make(logger: context.logger) {
            try await context.stripe.retrievePaymentIntent(intentID)
        }
        switch read {
        case .done(let intent):
            switch intent.status {
            case .canceled, .succeeded, .processing:
                return try await refused(intent, error, call, of: payment, in: transaction)
            case .requiresPaymentMethod, .requiresConfirmation, .requiresAction, .requiresCapture:
                guard let locked = try await PaymentStore(transaction).lock(payment.id) else { return .done }
                calls.end(call, .failed, error: error)
                let next = StripeCall(id: .v7(), kind: .cancel, body: StripeRequests.cancel(locked))
                calls.enqueue(next, of: payment.id)
                return context.pause(after: call.sends)
            }
        case .refused(let missing) where missing.code == "resource_missing":
            guard let locked = try await PaymentStore(transaction).lock(payment.id) else { return .done }
            calls.end(call, .failed, error: missing)
            try await context.ledger.apply(.intentMissing, to: locked, cause: cause, in: transaction)
            return .done
        case .refused(let failure), .unknown(let failure), .fixed(let failure), .unsent(let failure):
            return context.later(call, failure, in: transaction)
        }
    }
}
