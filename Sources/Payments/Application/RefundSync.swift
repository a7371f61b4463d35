import Contracts
import Foundation
import Outbox
import Postgres

/// Takes over what Stripe says about a payment's refunds, those that were made at Stripe itself included.
struct RefundSync: Sendable {
    let ledger: PaymentLedger

    /// - Parameter payment: locked; it is stored when refunds change what can be refunded.
    /// - Returns: whether there was anything new.
    @discardableResult
    func apply(
        _ made: [StripeRefund], to payment: inout Payment, cause: PaymentCause, in transaction: PostgresTransaction
    ) async throws -> Bool {
        guard !made.isEmpty else { return false }
        let known = try await RefundStore(transaction).ofPayment(payment.id)
        var isNew = false
        // Those that gave their amount back first: others may have taken it since.
        for stripe in made.sorted(by: { RefundStatus($0.status).isVoid && !RefundStatus($1.status).isVoid }) {
            if let refund = Self.match(stripe, known) {
                let decision = RefundTransition.decide(refund, stripe)
                isNew = isNew || !decision.isKnown
                try ledger.carryOut(decision, of: &payment, cause: cause, in: transaction)
            } else if try takeOver(stripe, &payment, cause: cause, in: transaction) {
                isNew = true
            }
        }
        return isNew
    }

    /// By Stripe's id, or by ours while Stripe's is not known.
    private static func match(_ stripe: StripeRefund, _ known: [Refund]) -> Refund? {
        known.first { $0.stripeRefundID == stripe.id }
            ?? known.first { $0.stripeRefundID == nil && stripe.metadata["refund_id"] == $0.id.lowercased }
    }

    /// A refund that somebody made at Stripe.
    private func takeOver(
        _ stripe: StripeRefund, _ payment: inout Payment, cause: PaymentCause, in transaction: PostgresTransaction
    ) throws -> Bool {
        switch RefundTakeover.decide(stripe, payment, id: .v7()) {
        case .nothing: return false
        case .exceedsCharge:
            ledger.alert("refund_exceeds_charge", payment, in: transaction)
            return false
        case .take(let refund):
            RefundStore(transaction).insert(refund)
            payment.refunded += refund.amount.amount
            PaymentStore(transaction).update(payment)
            try ledger.carryOut(RefundTransition.decide(refund, stripe), of: &payment, cause: cause, in: transaction)
            return true
        }
    }
}
