import Foundation
import Outbox
import Postgres
import ServiceRuntime

/// Asks Stripe to give money back, as the refund's row says.
struct RefundJob: JobHandler {
    let context: PaymentJobContext
    let refunds: RefundSync

    var kind: String { PaymentJobKind.refund }
    var retry: RetryPolicy { RetryPolicy(maxAttempts: 20, base: .milliseconds(200), cap: .seconds(60)) }

    private var cause: PaymentCause { PaymentCause(kind: kind, id: nil) }

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        guard let job = jobs.first else { return .done }
        let payload = try job.decode(RefundJobPayload.self)
        guard let call = try await StripeCallStore(transaction).pending(refund: payload.refundId),
            let refund = try await RefundStore(transaction).read(payload.refundId),
            let payment = try await PaymentStore(transaction).read(refund.paymentID)
        else { return .done }
        return try await context.run(payment, traceparent: payload.traceparent) {
            try await run(call, refund, of: payment, in: transaction)
        }
    }

    private func run(
        _ call: StripeCall, _ refund: Refund, of payment: Payment, in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        guard !call.isKeyOld else {
            return try await lookUp(nil, call, refund, of: payment, isFixed: true, in: transaction)
        }
        let attempt = try await StripeAttempt.make(logger: context.logger) {
            try await context.stripe.createRefund(body: call.body, idempotencyKey: call.idempotencyKey)
        }
        switch attempt {
        case .done(let made):
            guard var locked = try await PaymentStore(transaction).lock(payment.id) else { return .done }
            calls.end(call, .succeeded)
            try await refunds.apply([made], to: &locked, cause: cause, in: transaction)
            return .done
        case .refused(let error):
            // Somebody may have given the money back at Stripe itself: then that is what there is to know.
            return try await lookUp(error, call, refund, of: payment, isFixed: false, in: transaction)
        case .unknown(let error), .unsent(let error):
            return context.later(call, error, in: transaction)
        case .fixed(let error):
            return try await lookUp(error, call, refund, of: payment, isFixed: true, in: transaction)
        }
    }

    /// Stripe's list of the refunds tells whether this one was made.
    /// - Parameters:
    ///   - error: what Stripe answered; nil when it was not asked, because the key is too old.
    ///   - isFixed: the key keeps a failure or is too old, so that a refund that was not made is asked for under a new one.
    private func lookUp(
        _ error: StripeError?, _ call: StripeCall, _ refund: Refund, of payment: Payment, isFixed: Bool,
        in transaction: PostgresTransaction
    ) async throws -> JobOutcome {
        let calls = StripeCallStore(transaction)
        let made: [StripeRefund]
        do {
            made = try await context.stripe.refunds(ofPaymentIntent: payment.paymentIntentID ?? "")
        } catch let failure as StripeError where failure.disposition != .refused {
            return context.later(call, failure, in: transaction)
        } catch is StripeError {
            made = []
        }
        let isMade = made.contains { $0.metadata["refund_id"] == refund.id.lowercased }
        guard var locked = try await PaymentStore(transaction).lock(payment.id) else { return .done }
        calls.end(call, isMade ? .succeeded : .failed, error: error)
        if isFixed, !isMade {
            calls.enqueue(
                StripeCall(id: .v7(), kind: .refund, body: call.body, refundID: refund.id), of: payment.id)
            return context.pause(after: call.sends)
        }
        if !isMade, let current = try await RefundStore(transaction).read(refund.id) {
            try context.ledger.carryOut(
                RefundTransition.refused(current, code: error?.reason ?? "unknown"), of: &locked, cause: cause,
                in: transaction)
        }
        try await refunds.apply(made, to: &locked, cause: cause, in: transaction)
        return .done
    }
}
