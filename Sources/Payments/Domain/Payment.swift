import Contracts
import Foundation

/// One order's payment: what its row holds.
struct Payment: Sendable, Hashable {
    let id: UUID
    let orderID: UUID
    var sagaID: UUID
    /// Nil until the order itself is known.
    var customerID: String?
    /// What is to be charged; nil until the order itself is known.
    var price: Money?
    /// Stripe's payment method that the server confirms with; nil when the customer confirms.
    var paymentMethod: String?
    var status: PaymentStatus
    var stockReservedAt: Date?
    var reservationExpiresAt: Date?
    var paymentIntentID: String?
    /// The PaymentIntent's own status, as it was seen last.
    var stripeStatus: StripePaymentIntent.Status?
    /// Tries that were declined.
    var attempts = 0
    var lastErrorCode: String?
    /// Minor units that came.
    var amountReceived: Int64 = 0
    /// Minor units that refunds take, which did not fail.
    var refunded: Int64 = 0
    /// Why it is to be cancelled; nil when it is not.
    var cancelReason: String?
    /// Why a person has to look at it.
    var alert: String?

    init(id: UUID, orderID: UUID, sagaID: UUID, status: PaymentStatus) {
        self.id = id
        self.orderID = orderID
        self.sagaID = sagaID
        self.status = status
    }

    /// Whether Stripe has been told to confirm with a payment method, so that no customer is there to try another.
    var isServerConfirmed: Bool { paymentMethod != nil }

    /// What could still be given back.
    var refundable: Int64 { amountReceived - refunded }
}
