import Contracts
import Foundation

@testable import Inventory
@testable import Orders
@testable import Payments

/// What has to hold.
extension World {
    /// What is wrong after a step; nil when all is well.
    var violation: String? {
        for basket in scenario.baskets {
            guard let saga = orders.sagas[basket.id], let state = saga.state else { continue }
            if let what = violation(of: saga, state) ?? violationOfMoney(of: basket) ?? violationOfStock(of: basket) {
                return "\(name(basket.id)): \(what)"
            }
        }
        for (item, start) in zip(inventory.shelf, scenario.shelf) {
            let (held, sold) = (inventory.held(item.sku), inventory.sold(item.sku))
            if item.reserved != held {
                return "\(item.sku): \(item.reserved) are counted as reserved, \(held) are held"
            }
            let all = start.onHand + inventory.adjusted[item.sku, default: 0]
            if item.onHand + sold != all {
                return "\(item.sku): of \(all) pieces \(item.onHand) are on the shelf and \(sold) sold"
            }
            if item.reserved > item.onHand || item.onHand < 0 { return "\(item.sku): more is held than there is" }
        }
        return nil
    }

    private func violation(of saga: SagaRow, _ state: OrderSagaState) -> String? {
        if state.settled { return saga.deadline == nil ? nil : "settled, with a deadline" }
        guard let deadline = saga.deadline, let awaited = state.deadline else { return "unsettled, without a deadline" }
        guard let job = orders.jobs[saga.orderID], job <= deadline else {
            return "its deadline \(awaited.rawValue) has no job that would wake it in time"
        }
        if awaited.isCutByTotal, deadline > saga.totalDeadline { return "waits past the end of its running phase" }
        if awaited == .payment, state.stock == .held, let end = state.hold?.expiresAt, deadline > end, deadline > now {
            return "waits for the payment until \(Int(deadline.timeIntervalSince(end))) s after the hold's end"
        }
        return nil
    }

    private func violationOfMoney(of basket: Scenario.Basket) -> String? {
        let intents = stripe.intents(of: basket.id)
        if intents.count(where: { $0.status != .canceled }) > 1 { return "two PaymentIntents are alive" }
        let net = netCharge(of: basket)
        if net < 0 || net > basket.total { return "\(net) of \(basket.total) were charged" }
        if let payment = payments.payments[basket.id] {
            let refunded = payments.refunded(of: basket.id)
            if payment.refunded != refunded {
                return "\(payment.refunded) count as refunded, and its refunds make \(refunded)"
            }
            if refunded > payment.amountReceived { return "\(refunded) of \(payment.amountReceived) are refunded" }
        }
        let isOfTime: Set = ["payment_timeout", "reservation_expired", "total_timeout"]
        if orders.ended.contains(basket.id), let state = orders.sagas[basket.id]?.state, state.order == .failed,
            state.step == .paymentFailed, state.payment != .succeeded, state.payment != .refunded,
            isOfTime.contains(state.reason ?? ""),
            intents.contains(where: { $0.status != .canceled })
        {
            return "failed for its time while its PaymentIntent could still be charged"
        }
        return nil
    }

    /// What inventory promises by itself. Were it broken, the saga or the end of the hold would undo it later.
    private func violationOfStock(of basket: Scenario.Basket) -> String? {
        let isClosed = inventory.closed.contains(basket.id)
        guard isClosed || inventory.over.contains(basket.id), let holds = inventory.holds[basket.id] else { return nil }
        if holds.active != nil { return "stock is held after inventory was told of its end" }
        return isClosed && holds.committed != nil ? "stock is sold after it was cancelled for good" : nil
    }

    /// What is wrong once everything has come to its end.
    var finalViolation: String? {
        for basket in scenario.baskets {
            guard let state = orders.sagas[basket.id]?.state else { return "\(name(basket.id)) was never placed" }
            let charge = stripe.charge(of: basket.id)
            let net = netCharge(of: basket)
            let automatic = payments.refunded(of: basket.id, by: .order)
            let isSold = inventory.holds[basket.id]?.committed != nil
            let isHeld = inventory.holds[basket.id]?.active != nil
            let isGood =
                switch state.order {
                case .confirmed: charge == basket.total && isSold && automatic == 0
                case .cancelled, .failed: net == 0 && !isSold && (state.payment == .refunded) == (charge > 0)
                case .pending: false
                }
            guard isGood, !isHeld else {
                return "\(name(basket.id)) is \(state.order.rawValue) (\(state.reason ?? "")): \(net) of "
                    + "\(charge) charged and kept, \(automatic) refunded by itself, the saga says "
                    + "\(state.payment.rawValue), sold: \(isSold), held: \(isHeld)"
            }
            if let what = violationOfRefunds(of: basket) { return "\(name(basket.id)): \(what)" }
            // A PaymentIntent that could still be charged would be money for nothing tomorrow.
            if stripe.intents(of: basket.id).contains(where: { $0.status != .canceled && $0.status != .succeeded }) {
                return "\(name(basket.id)) has ended, and its PaymentIntent can still be charged"
            }
        }
        return nil
    }

    /// What is wrong between the refunds as payments and as Stripe have them, once everything has been told.
    private func violationOfRefunds(of basket: Scenario.Basket) -> String? {
        let ours = payments.refunds[basket.id] ?? []
        // One that was made there and failed before it was heard of is no concern of payments'.
        let made = stripe.refunds(ofOrder: basket.id).filter { made in
            !RefundStatus(made.status).isVoid || ours.contains { $0.stripeRefundID == made.id }
        }
        let atStripe = Set(made.map { "\($0.id) \($0.amount) \(RefundStatus($0.status).rawValue)" })
        // Nor has Stripe one that it refused.
        let here = ours.filter { $0.origin != .outside && !($0.status.isVoid && $0.stripeRefundID == nil) }
            .map { "\($0.stripeRefundID ?? "") \($0.amount.amount) \($0.status.rawValue)" }
        if Set(here) != atStripe || here.count != made.count {
            return "Stripe has the refunds \(atStripe.sorted()), payments \(here.sorted())"
        }
        // One gives back all that is left; another one only what one that failed has freed again.
        let automatic = ours.count { $0.origin == .order }
        if automatic > 1 + ours.count(where: \.status.isVoid) { return "refunded \(automatic) times by itself" }
        return nil
    }

    /// What was charged for an order and is not given back, at Stripe or outside of it; in minor units.
    private func netCharge(of basket: Scenario.Basket) -> Int64 {
        stripe.netCharge(of: basket.id) - payments.refunded(of: basket.id, by: .outside)
    }
}
