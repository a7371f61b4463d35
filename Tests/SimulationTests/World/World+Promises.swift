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
            if let what = violation(of: saga, state) ?? violationOfMoney(of: basket) {
                return "\(name(basket.id)): \(what)"
            }
        }
        for (item, start) in zip(inventory.shelf, scenario.shelf) {
            let (held, sold) = (inventory.held(item.sku), inventory.sold(item.sku))
            if item.reserved != held {
                return "\(item.sku): \(item.reserved) are counted as reserved, \(held) are held"
            }
            if item.onHand + sold != start.onHand {
                return "\(item.sku): of \(start.onHand) pieces \(item.onHand) are on the shelf and \(sold) sold"
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
        let net = stripe.netCharge(of: basket.id)
        if net < 0 || net > basket.total { return "\(net) of \(basket.total) were charged" }
        let isOfTime: Set = ["payment_timeout", "reservation_expired", "total_timeout"]
        if orders.ended.contains(basket.id), let state = orders.sagas[basket.id]?.state, state.order == .failed,
            state.step == .paymentFailed, state.payment != .succeeded, isOfTime.contains(state.reason ?? ""),
            intents.contains(where: { $0.status != .canceled })
        {
            return "failed for its time while its PaymentIntent could still be charged"
        }
        return nil
    }

    /// What is wrong once everything has come to its end.
    var finalViolation: String? {
        for basket in scenario.baskets {
            guard let state = orders.sagas[basket.id]?.state else { return "\(name(basket.id)) was never placed" }
            let net = stripe.netCharge(of: basket.id)
            let isSold = inventory.holds[basket.id]?.committed != nil
            let isHeld = inventory.holds[basket.id]?.active != nil
            let refunds = stripe.intents(of: basket.id).flatMap { stripe.refunds(of: $0.id) }
                .filter { $0.status == .succeeded }
            let isGood =
                switch state.order {
                case .confirmed: net == basket.total && isSold && refunds.isEmpty
                case .cancelled, .failed: net == 0 && !isSold && refunds.count <= 1
                case .pending: false
                }
            guard isGood, !isHeld else {
                return "\(name(basket.id)) is \(state.order.rawValue) (\(state.reason ?? "")): \(net) of "
                    + "\(basket.total) charged, \(refunds.count) refunds, sold: \(isSold), held: \(isHeld)"
            }
            // A PaymentIntent that could still be charged would be money for nothing tomorrow.
            if stripe.intents(of: basket.id).contains(where: { $0.status != .canceled && $0.status != .succeeded }) {
                return "\(name(basket.id)) has ended, and its PaymentIntent can still be charged"
            }
        }
        return nil
    }
}
