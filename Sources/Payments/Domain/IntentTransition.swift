import Contracts
import Foundation

/// The decisions about a payment when Stripe has shown its PaymentIntent: from a call's answer, an event, or a look.
///
/// A snapshot may be old. So what it tells is taken only as far as it leads forward, and what would end the order is
/// taken only from a snapshot that was read just now: that is for the caller to see to (``StripeEventRule``).
enum IntentTransition {
    static func decide(
        _ before: Payment, _ intent: StripePaymentIntent, newFailure: Bool, failures: Int, policy: PaymentPolicy
    ) -> PaymentDecision {
        if let known = before.paymentIntentID, known != intent.id {
            return .ignore(before, "another PaymentIntent than the payment's")
        }
        var payment = before
        payment.paymentIntentID = intent.id
        payment.attempts = max(payment.attempts, failures)
        switch intent.status {
        case .succeeded: return succeeded(payment, intent, before: before, policy: policy)
        case .canceled: return canceled(payment, before: before)
        case .processing: return processing(payment, before: before)
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction, .requiresCapture:
            return waiting(payment, intent, before: before, newFailure: newFailure, policy: policy)
        }
    }

    /// The cancellation was asked for and came too late: who asked is told how things stand, again if need be.
    static func cancelRefused(
        _ before: Payment, _ intent: StripePaymentIntent, policy: PaymentPolicy
    ) -> PaymentDecision {
        guard intent.status == .processing, before.paymentIntentID == intent.id, before.status.isOpen else {
            return decide(before, intent, newFailure: false, failures: 0, policy: policy)
        }
        var payment = before
        payment.status = .processing
        payment.stripeStatus = .processing
        return .apply(payment, .publish(.pending(.processing)))
    }

    // MARK: Charged

    private static func succeeded(
        _ charged: Payment, _ intent: StripePaymentIntent, before: Payment, policy: PaymentPolicy
    ) -> PaymentDecision {
        guard before.status != .succeeded else { return .ignore(before, "known: succeeded") }
        var payment = charged
        payment.stripeStatus = .succeeded
        payment.amountReceived = max(payment.amountReceived, intent.amountReceived)
        if let mismatch = mismatch(payment, intent, policy: policy) {
            return mismatched(payment, mismatch, before: before)
        }
        payment.status = .succeeded
        payment.lastErrorCode = nil
        return .apply(payment, .publish(.succeeded))
    }

    /// What is wrong with a charge; nil when it is this order's price, in full.
    private static func mismatch(
        _ payment: Payment, _ intent: StripePaymentIntent, policy: PaymentPolicy
    ) -> String? {
        guard intent.livemode == policy.livemode else { return "livemode_mismatch" }
        guard intent.orderID == payment.orderID else { return "order_mismatch" }
        guard let price = payment.price, intent.currency.uppercased() == price.currency else {
            return "currency_mismatch"
        }
        return intent.amountReceived == price.amount ? nil : "amount_mismatch"
    }

    /// Such a charge confirms no order. A person is told, and the order ends; what was charged goes back when it has.
    private static func mismatched(_ charged: Payment, _ code: String, before: Payment) -> PaymentDecision {
        guard before.alert != code else { return .ignore(before, "known: \(code)") }
        var payment = charged
        payment.alert = code
        payment.lastErrorCode = code
        // The order has ended already, so nothing else would give this money back.
        guard before.status.isOpen else { return .apply(payment, .alert(code), .refundInFull(reason: code)) }
        payment.status = .failed
        let told = PaymentEffect.publish(.failed(reason: code, final: true))
        // Its end was heard of while this could still be charged, and is not told again. An overdue payment's is to come.
        let hasOrderEnded = before.cancelReason != nil && before.cancelReason != PaymentTransition.overdueReason
        return hasOrderEnded
            ? .apply(payment, .alert(code), told, .refundInFull(reason: code)) : .apply(payment, .alert(code), told)
    }

    // MARK: Not charged

    private static func canceled(_ canceled: Payment, before: Payment) -> PaymentDecision {
        switch before.status {
        case .succeeded: return .ignore(before, "stale: it has succeeded")
        case .cancelled: return .ignore(before, "known: cancelled")
        case .awaitingOrder, .awaitingStock, .creating, .pending, .processing, .failed:
            var payment = canceled
            payment.status = .cancelled
            payment.stripeStatus = .canceled
            let reason = payment.cancelReason ?? "cancelled_at_stripe"
            payment.cancelReason = reason
            return .apply(payment, .publish(.cancelled(reason: reason)))
        }
    }

    private static func processing(_ seen: Payment, before: Payment) -> PaymentDecision {
        guard before.status.rank < PaymentStatus.cancelled.rank else { return .ignore(before, "the payment has ended") }
        let isKnown = before.stripeStatus == .processing
        var payment = seen
        payment.stripeStatus = .processing
        guard before.status.isOpen else { return isKnown ? .ignore(before, "known: processing") : .apply(payment) }
        payment.status = .processing
        return isKnown ? .ignore(before, "known: processing") : .apply(payment, .publish(.pending(.processing)))
    }

    private static func waiting(
        _ seen: Payment, _ intent: StripePaymentIntent, before: Payment, newFailure: Bool, policy: PaymentPolicy
    ) -> PaymentDecision {
        guard before.status.rank < PaymentStatus.cancelled.rank else { return .ignore(before, "the payment has ended") }
        var payment = seen
        payment.stripeStatus = intent.status
        if let failure = intent.lastFailure, newFailure { payment.lastErrorCode = failure.reason }
        // Whoever wanted it cancelled while it was processing, or not there yet, still does.
        if before.cancelReason != nil {
            if before.status.isOpen { payment.status = .pending }
            return .apply(payment, .cancelIntent)
        }
        guard before.status.isOpen else { return payment == before ? .ignore(before, "known") : .apply(payment) }
        if newFailure, let failure = intent.lastFailure {
            return failed(payment, failure, policy: policy)
        }
        payment.status = .pending
        if payment == before { return .ignore(before, "known: \(intent.status.rawValue)") }
        return before.stripeStatus == intent.status
            ? .apply(payment) : .apply(payment, .publish(.pending(intent.status)))
    }

    private static func failed(
        _ tried: Payment, _ failure: StripePaymentIntent.Failure, policy: PaymentPolicy
    ) -> PaymentDecision {
        var payment = tried
        let isFinal =
            payment.attempts >= policy.maxTries || (payment.isServerConfirmed && policy.serverDeclineIsFinal)
        payment.status = isFinal ? .failed : .pending
        return .apply(payment, .publish(.failed(reason: failure.reason, final: isFinal)))
    }
}
