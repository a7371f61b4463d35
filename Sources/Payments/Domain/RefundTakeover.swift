import Contracts
import Foundation

/// What a refund leads to that somebody made at Stripe itself: a pure function of it and of its payment.
enum RefundTakeover: Sendable, Hashable {
    /// It gives nothing back.
    case nothing
    /// More than what is left by what is known here: ours that are on their way will be refused, then there is room for it.
    case exceedsCharge
    /// It is kept as one of the payment's refunds, in the state before all that Stripe says of it.
    case take(Refund)

    static func decide(_ stripe: StripeRefund, _ payment: Payment, id: UUID) -> RefundTakeover {
        guard !RefundStatus(stripe.status).isVoid, stripe.amount > 0 else { return .nothing }
        guard stripe.amount <= payment.refundable else { return .exceedsCharge }
        return .take(
            Refund(
                id: id, paymentID: payment.id, amount: Money(amount: stripe.amount, currency: stripe.currency),
                reason: "made_at_stripe", origin: .stripe, status: .requested))
    }
}
