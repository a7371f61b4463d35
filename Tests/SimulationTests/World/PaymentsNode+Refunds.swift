import Contracts
import Foundation
import Outbox

@testable import Payments

/// Refunds: who wants them, what Stripe says of them, and what a person says of those that failed.
extension PaymentsNode {
    /// An operator gives a part of a charge back, or what is left of it.
    mutating func refund(_ amount: Int64, of order: UUID, at now: Date) {
        guard var payment = payments[order], let price = payment.price, amount > 0, amount <= payment.refundable
        else { return }
        persist(
            Refund(
                id: nextCall(), paymentID: payment.id, amount: Money(amount: amount, currency: price.currency),
                reason: "operator", origin: .operator, status: .requested, requestedBy: "olga"), of: &payment, at: now)
        payments[order] = payment
    }

    /// - Parameter payment: the caller stores it.
    mutating func refundInFull(_ payment: inout Payment, reason: String, at now: Date) throws {
        let known = refunds[payment.orderID] ?? []
        switch RefundInFull.decide(payment, refunds: known, reason: reason, id: nextCall()) {
        case .isUnderway: break
        case .make(let refund): persist(refund, of: &payment, at: now)
        case .tellAgain(let made):
            for refund in made { ledger.append(try PaymentEvents.refunded(refund, payment)) }
        }
    }

    private mutating func persist(_ refund: Refund, of payment: inout Payment, at now: Date) {
        payment.refunded += refund.amount.amount
        refunds[payment.orderID, default: []].append(refund)
        add(
            StripeCall(
                id: refund.id, kind: .refund, body: StripeRequests.refund(refund, of: payment), refundID: refund.id),
            payment.orderID)
        schedule(.refund(refund.id), payment.orderID, at: now)
    }

    /// Stripe has shown refunds.
    mutating func show(_ made: [StripeRefund], of order: UUID) throws {
        // Those that gave their amount back first, as the service does it.
        for stripe in made.sorted(by: { RefundStatus($0.status).isVoid && !RefundStatus($1.status).isVoid }) {
            let known = refunds[order] ?? []
            let index =
                known.firstIndex { $0.stripeRefundID == stripe.id }
                ?? known.firstIndex { $0.stripeRefundID == nil && stripe.metadata["refund_id"] == $0.id.lowercased }
            guard let index = index ?? takeOver(stripe, of: order), let refund = refunds[order]?[index]
            else { continue }
            try carryOut(RefundTransition.decide(refund, stripe), at: index, of: order)
        }
    }

    /// Stripe will not make a refund.
    mutating func refuse(_ id: UUID?, of order: UUID, code: String) throws {
        guard let index = refunds[order]?.firstIndex(where: { $0.id == id }), let refund = refunds[order]?[index]
        else { return }
        try carryOut(RefundTransition.refused(refund, code: code), at: index, of: order)
    }

    /// - Returns: where a refund is now that somebody made at Stripe; nil when it is not taken over.
    private mutating func takeOver(_ stripe: StripeRefund, of order: UUID) -> Int? {
        guard let payment = payments[order],
            case .take(let refund) = RefundTakeover.decide(stripe, payment, id: nextCall())
        else { return nil }
        payments[order]?.refunded += refund.amount.amount
        refunds[order, default: []].append(refund)
        return (refunds[order]?.count ?? 0) - 1
    }

    private mutating func carryOut(_ decision: RefundDecision, at index: Int, of order: UUID) throws {
        guard !decision.isKnown, let payment = payments[order] else { return }
        refunds[order]?[index] = decision.refund
        if decision.isReleased { payments[order]?.refunded -= decision.refund.amount.amount }
        if decision.isPublished { ledger.append(try PaymentEvents.refunded(decision.refund, payment)) }
        if decision.isTakenBack, !hidesFailedRefunds {
            ledger.append(try PaymentEvents.refundFailed(decision.refund, payment))
        }
    }

    /// A person has dealt with a failed refund, if there is something to be dealt with.
    mutating func resolve(_ refund: Refund, of order: UUID, _ resolution: RefundResolution) throws {
        guard var payment = payments[order] else { return }
        let decision = RefundResolutionDecision.decide(
            refund, isResolved: resolved.contains(refund.id), refundable: payment.refundable, resolution,
            by: "ops:olga", id: nextCall())
        guard case .resolve(let paid) = decision else { return }
        resolved.insert(refund.id)
        guard let paid else { return }
        payment.refunded += paid.amount.amount
        payments[order] = payment
        refunds[order, default: []].append(paid)
        ledger.append(try PaymentEvents.refunded(paid, payment))
    }

    /// What an order's refunds that did not fail give back; in minor units.
    /// - Parameter origin: only those of this one; nil for all.
    func refunded(of order: UUID, by origin: RefundOrigin? = nil) -> Int64 {
        (refunds[order] ?? []).filter { !$0.status.isVoid && (origin == nil || $0.origin == origin) }
            .reduce(0) { $0 + $1.amount.amount }
    }
}
