import Contracts
import Foundation
public import Postgres

/// How a person dealt with a refund that failed.
public enum RefundResolution: String, Codable, Sendable, Hashable, CaseIterable, PostgresEncodable, PostgresDecodable {
    /// The customer got the money in another way, such as a bank transfer: it counts as given back.
    case paidElsewhere = "paid_elsewhere"
    /// Nothing is owed.
    case notOwed = "not_owed"
}

/// What a resolution leads to.
enum RefundResolutionDecision: Sendable, Hashable {
    /// - Parameter paid: the refund that stands for what was paid outside Stripe.
    case resolve(paid: Refund?)
    /// It has not failed: there is nothing to resolve.
    case notFailed
    case resolvedBefore
    /// So much of the charge is not given back yet, and it is less than what is said to have been paid.
    case exceedsCharge(refundable: Int64)

    /// A pure function of the refund and of what its payment can still give back.
    static func decide(
        _ refund: Refund, isResolved: Bool, refundable: Int64, _ resolution: RefundResolution, by actor: String,
        id: UUID
    ) -> RefundResolutionDecision {
        guard refund.status.isVoid else { return .notFailed }
        guard !isResolved else { return .resolvedBefore }
        guard resolution == .paidElsewhere else { return .resolve(paid: nil) }
        guard refund.amount.amount <= refundable else { return .exceedsCharge(refundable: refundable) }
        return .resolve(
            paid: Refund(
                id: id, paymentID: refund.paymentID, amount: refund.amount, reason: refund.reason, origin: .outside,
                status: .succeeded, requestedBy: actor))
    }
}
