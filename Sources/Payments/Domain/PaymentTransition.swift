import Foundation

/// The decisions about payments: pure functions from a payment and what happened to the payment as it becomes and what
/// has to follow. The status only goes forward (``PaymentStatus``).
enum PaymentTransition {
    /// The first that is heard of an order.
    static func begin(_ payment: Payment, _ input: PaymentInput) -> PaymentDecision {
        var payment = payment
        switch input {
        case .orderCreated(let customerID, let price, let paymentMethod):
            payment.customerID = customerID
            payment.price = price
            payment.paymentMethod = paymentMethod
            payment.status = .awaitingStock
            return .apply(payment)
        case .stockReserved(let expiresAt):
            payment.reservationExpiresAt = expiresAt
            payment.status = .awaitingOrder
            return .apply(payment)
        case .orderEnded(let reason): return neverCharged(payment, reason)
        case .overdue: return neverCharged(payment, overdueReason)
        case .refundDue(let reason): return neverCharged(payment, reason)
        case .intent, .otherIntent, .intentRefused, .intentMissing, .confirmationRefused, .cancelRefused:
            return .ignore(payment, "no such payment")
        }
    }

    /// What follows from an input for a payment that there is.
    static func decide(_ payment: Payment, _ input: PaymentInput, policy: PaymentPolicy) -> PaymentDecision {
        switch input {
        case .orderCreated(let customerID, let price, let paymentMethod):
            var payment = payment
            guard payment.price == nil else { return .ignore(payment, "the order is known already") }
            payment.customerID = customerID
            payment.price = price
            payment.paymentMethod = paymentMethod
            guard payment.status == .awaitingOrder else { return .apply(payment) }
            payment.status = .creating
            return .apply(payment, .createIntent)
        case .stockReserved(let expiresAt): return stockReserved(payment, expiresAt: expiresAt)
        case .orderEnded(let reason): return orderEnded(payment, reason: reason)
        case .overdue: return overdue(payment)
        case .refundDue(let reason): return refundDue(payment, reason: reason)
        case .intent(let intent, let newFailure, let failures):
            return IntentTransition.decide(
                payment, intent, newFailure: newFailure, failures: failures, policy: policy)
        case .otherIntent(let kept): return otherIntent(payment, kept: kept)
        case .intentRefused(let code): return refused(payment, code: code)
        case .cancelRefused(let intent):
            return IntentTransition.cancelRefused(payment, intent, policy: policy)
        case .intentMissing: return missing(payment)
        case .confirmationRefused(let code): return confirmationRefused(payment, code: code)
        }
    }

    /// The reason of a cancellation that the saga asked for because the time is up.
    static let overdueReason = "payment_overdue"

    private static func stockReserved(_ before: Payment, expiresAt: Date) -> PaymentDecision {
        var payment = before
        switch payment.status {
        case .awaitingStock:
            payment.reservationExpiresAt = expiresAt
            payment.status = .creating
            return .apply(payment, .createIntent)
        case .awaitingOrder, .creating, .pending, .processing:
            payment.reservationExpiresAt = expiresAt
            return .apply(payment)
        case .failed, .cancelled, .succeeded:
            return .ignore(payment, "the payment has ended")
        }
    }

    private static func orderEnded(_ payment: Payment, reason: String) -> PaymentDecision {
        switch payment.status {
        case .awaitingOrder, .awaitingStock: neverCharged(payment, reason)
        case .cancelled: .apply(payment, .publish(.cancelled(reason: reason)))
        // The saga decides about the money when `payment.succeeded` reaches it.
        case .succeeded: .ignore(payment, "it has succeeded")
        case .creating, .pending, .processing: cancel(payment, reason)
        case .failed where payment.amountReceived > 0:
            // It failed because what was charged was not the order's price: that goes back as a whole.
            .apply(payment, .refundInFull(reason: payment.lastErrorCode ?? reason))
        case .failed where payment.paymentIntentID == nil: neverCharged(payment, reason)
        // The customer could still pay with the client secret: that has to end first.
        case .failed: cancel(payment, reason)
        }
    }

    private static func overdue(_ payment: Payment) -> PaymentDecision {
        switch payment.status {
        case .awaitingOrder, .awaitingStock: neverCharged(payment, overdueReason)
        case .succeeded: .apply(payment, .publish(.succeeded))
        case .cancelled: .apply(payment, .publish(.cancelled(reason: payment.cancelReason ?? overdueReason)))
        case .creating, .pending, .processing: cancel(payment, overdueReason)
        case .failed:
            .apply(payment, .publish(.failed(reason: payment.lastErrorCode ?? "payment_failed", final: true)))
        }
    }

    private static func refundDue(_ payment: Payment, reason: String) -> PaymentDecision {
        if payment.amountReceived > 0 { return .apply(payment, .refundInFull(reason: reason)) }
        // Nothing was charged, as far as is known here: then nothing may be. Should Stripe say otherwise,
        // `payment.succeeded` tells the saga, and it asks again.
        return orderEnded(payment, reason: reason)
    }

    /// Ends a payment that has no PaymentIntent.
    private static func neverCharged(_ before: Payment, _ reason: String) -> PaymentDecision {
        var payment = before
        payment.status = .cancelled
        payment.cancelReason = payment.cancelReason ?? reason
        return .apply(payment, .publish(.cancelled(reason: reason)))
    }

    /// Asks for the cancellation. While the PaymentIntent is being made there is nothing to cancel yet: the job that makes
    /// it sees the wish.
    private static func cancel(_ before: Payment, _ reason: String) -> PaymentDecision {
        var payment = before
        payment.cancelReason = reason
        return payment.paymentIntentID == nil ? .apply(payment) : .apply(payment, .cancelIntent)
    }

    private static func refused(_ before: Payment, code: String) -> PaymentDecision {
        guard before.status == .creating else { return .ignore(before, "no PaymentIntent is being made") }
        if let reason = before.cancelReason { return neverCharged(before, reason) }
        return fail(before, code: code)
    }

    private static func confirmationRefused(_ before: Payment, code: String) -> PaymentDecision {
        guard before.status.isOpen else { return .ignore(before, "the payment has ended") }
        guard before.cancelReason == nil else { return .apply(before, .cancelIntent) }
        var payment = before
        payment.attempts += 1
        return fail(payment, code: code)
    }

    private static func fail(_ before: Payment, code: String) -> PaymentDecision {
        var payment = before
        payment.status = .failed
        payment.lastErrorCode = code
        return .apply(payment, .publish(.failed(reason: code, final: true)))
    }

    /// There should be one PaymentIntent an order. Another was made when the payment forgot its own: a database was
    /// restored to a state before it. Whose charge is the right one is not for us to guess: a person is told.
    private static func otherIntent(_ before: Payment, kept: Int64) -> PaymentDecision {
        guard kept > 0 else { return .ignore(before, "another PaymentIntent of the order, without money") }
        guard before.alert != secondCharge else { return .ignore(before, "known: \(secondCharge)") }
        var payment = before
        // Another alert stays: what it stands for is not dealt with.
        payment.alert = before.alert ?? secondCharge
        return .apply(payment, .alert(secondCharge))
    }

    /// The alert of an order that was charged through two PaymentIntents.
    static let secondCharge = "second_charge"

    /// Stripe has lost it, or it belongs to another account. Nothing can be charged through it any more.
    private static func missing(_ before: Payment) -> PaymentDecision {
        guard before.status != .cancelled, before.alert != "payment_intent_missing" else {
            return .ignore(before, "known: missing")
        }
        var payment = before
        payment.alert = "payment_intent_missing"
        guard before.status != .succeeded else { return .apply(payment, .alert("payment_intent_missing")) }
        payment.status = .cancelled
        let reason = payment.cancelReason ?? "payment_intent_missing"
        payment.cancelReason = reason
        return .apply(payment, .alert("payment_intent_missing"), .publish(.cancelled(reason: reason)))
    }
}
