import Contracts
import Foundation

/// What it takes to give a payment back as a whole: a pure function of the payment and of its refunds.
enum RefundInFull: Sendable, Hashable {
    /// Stripe has been asked, or is about to be.
    case isUnderway
    /// What is left of the charge is given back.
    case make(Refund)
    /// All of it was given back: that is told again.
    case tellAgain([Refund])

    /// One automatic refund takes everything that is left; another one is only made for what a failed refund, its own or
    /// an operator's, has freed again.
    static func decide(_ payment: Payment, refunds: [Refund], reason: String, id: UUID) -> RefundInFull {
        if refunds.contains(where: { $0.origin == .order && !$0.status.isVoid && $0.status != .succeeded }) {
            return .isUnderway
        }
        guard payment.refundable > 0, let price = payment.price else {
            return .tellAgain(refunds.filter { $0.status == .succeeded })
        }
        return .make(
            Refund(
                id: id, paymentID: payment.id,
                amount: Money(amount: payment.refundable, currency: price.currency), reason: reason, origin: .order,
                status: .requested))
    }
}
