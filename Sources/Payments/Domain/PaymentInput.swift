import Contracts
import Foundation

/// Something that happened, or is asked for, about one order's payment.
enum PaymentInput: Sendable, Hashable {
    /// `order.created.v1`.
    case orderCreated(customerID: String, price: Money, paymentMethod: String?)
    /// `inventory.reserved.v1`.
    case stockReserved(expiresAt: Date)
    /// `order.cancelled.v1` or `order.failed.v1`: the order has ended; nothing is to be charged.
    case orderEnded(reason: String)
    /// `order.payment-overdue.v1`: cancel, and say how it ended.
    case overdue
    /// `order.refund-due.v1`: give everything back, once.
    case refundDue(reason: String)

    /// A PaymentIntent as Stripe shows it. `newFailure` says that it tells of a failed try not counted yet; `failures` is
    /// how many there are by now.
    case intent(StripePaymentIntent, newFailure: Bool, failures: Int)
    /// A PaymentIntent that names the order and is not its payment's. `kept` is what was charged through it and not given
    /// back, in minor units.
    case otherIntent(kept: Int64)
    /// Stripe will never make this PaymentIntent.
    case intentRefused(code: String)
    /// Stripe does not cancel the PaymentIntent, because it is as shown here.
    case cancelRefused(StripePaymentIntent)
    /// Stripe does not know the PaymentIntent.
    case intentMissing
    /// Stripe does not confirm this PaymentIntent with the method that the order named.
    case confirmationRefused(code: String)
}
