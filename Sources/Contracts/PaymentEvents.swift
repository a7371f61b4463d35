public import Foundation

/// `payment.pending.v1`: a PaymentIntent exists and waits for the customer or for Stripe.
public struct PaymentPending: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let paymentId: UUID
    public let paymentIntentId: String?
    public let amount: Money
    /// Stripe's PaymentIntent status; `processing` asks inventory to hold longer.
    public let status: String

    public init(
        orderId: UUID, sagaId: UUID, paymentId: UUID, paymentIntentId: String?, amount: Money, status: String
    ) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.paymentId = paymentId
        self.paymentIntentId = paymentIntentId
        self.amount = amount
        self.status = status
    }
}

/// `payment.succeeded.v1`: the order's whole price was charged.
public struct PaymentSucceeded: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let paymentId: UUID
    public let paymentIntentId: String
    public let amount: Money

    public init(orderId: UUID, sagaId: UUID, paymentId: UUID, paymentIntentId: String, amount: Money) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.paymentId = paymentId
        self.paymentIntentId = paymentIntentId
        self.amount = amount
    }
}

/// `payment.failed.v1`: a try was declined; `final` says that there will be no other.
public struct PaymentFailed: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let paymentId: UUID
    /// A stable code: Stripe's decline code, or ours.
    public let reason: String
    public let final: Bool
    /// Tries so far, this one included.
    public let attempts: Int

    public init(orderId: UUID, sagaId: UUID, paymentId: UUID, reason: String, final: Bool, attempts: Int) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.paymentId = paymentId
        self.reason = reason
        self.final = final
        self.attempts = attempts
    }
}

/// `payment.cancelled.v1`: nothing was and nothing will be charged; also said when there never was a PaymentIntent.
public struct PaymentCancelled: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let paymentId: UUID?
    /// A stable code: `order_cancelled`, `order_failed`, `payment_overdue`, `cancelled_at_stripe`.
    public let reason: String

    public init(orderId: UUID, sagaId: UUID, paymentId: UUID?, reason: String) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.paymentId = paymentId
        self.reason = reason
    }
}

/// `payment.refunded.v1`: the charge was given back.
public struct PaymentRefunded: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let paymentId: UUID
    public let refundId: UUID
    public let amount: Money

    public init(orderId: UUID, sagaId: UUID, paymentId: UUID, refundId: UUID, amount: Money) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.paymentId = paymentId
        self.refundId = refundId
        self.amount = amount
    }
}

/// `payment.refund-failed.v1`: what `payment.refunded.v1` said was given back has come back: the bank did not take it.
public struct PaymentRefundFailed: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let paymentId: UUID
    /// That of the refund's `payment.refunded.v1`.
    public let refundId: UUID
    public let amount: Money
    /// A stable code: Stripe's `failure_reason`.
    public let reason: String

    public init(orderId: UUID, sagaId: UUID, paymentId: UUID, refundId: UUID, amount: Money, reason: String) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.paymentId = paymentId
        self.refundId = refundId
        self.amount = amount
        self.reason = reason
    }
}
