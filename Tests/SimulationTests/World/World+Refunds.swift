import Contracts
import Foundation
import StripeSandbox

@testable import Payments

/// What operators and banks do about refunds.
extension World {
    mutating func refund() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: giveBack()
        case 30..<40: giveBackAtStripe()
        case 40..<90:
            let live = stripe.refunds.filter { $0.status == .pending || $0.status == .succeeded }
            if !live.isEmpty { finish(random.pick(live)) }
        default: try resolve()
        }
    }

    /// An operator makes a refund, mostly of a part.
    private mutating func giveBack() {
        let orders = scenario.baskets.map(\.id).filter { payments.payments[$0].map { $0.refundable > 0 } == true }
        guard !orders.isEmpty else { return }
        let order = random.pick(orders)
        let left = payments.payments[order]?.refundable ?? 0
        let amount = random.chance(30) ? left : Int64.random(in: 1...left, using: &random)
        payments.refund(amount, of: order, at: now)
        tell("an operator gives \(amount) of \(left) back for \(name(order))")
    }

    /// Somebody gives money back in Stripe's dashboard, which knows nothing of what payments has not asked for yet.
    private mutating func giveBackAtStripe() {
        let charged = scenario.baskets.filter { !isPaidElsewhere($0) }.flatMap { basket in
            stripe.intents(of: basket.id).map { (id: $0.id, order: basket.id, left: stripe.netCharge(of: basket.id)) }
        }.filter { $0.left > 0 }
        guard !charged.isEmpty else { return }
        let (id, order, left) = random.pick(charged)
        let amount = random.chance(50) ? left : Int64.random(in: 1...left, using: &random)
        stripe.giveBack(amount, of: id)
        tell("\(amount) of \(left) are given back for \(name(order)) at Stripe itself")
    }

    /// Whether somebody was paid in another way, of which Stripe knows nothing: nobody gives the same back there too.
    private func isPaidElsewhere(_ basket: Scenario.Basket) -> Bool {
        payments.refunded(of: basket.id, by: .outside) > 0
    }

    /// A refund that is on its way ends; one that had succeeded is sent back, however often that has happened before.
    mutating func finish(_ refund: StripeRefund) {
        let succeeds = refund.status == .pending && random.chance(60)
        stripe.finishRefund(refund.id, succeeds: succeeds)
        tell("the refund of \(refund.amount) \(succeeds ? "succeeds" : "fails") after it was \(refund.status.rawValue)")
    }

    /// A person says what became of a refund that failed.
    private mutating func resolve() throws {
        let failed = scenario.baskets.flatMap { basket in
            (payments.refunds[basket.id] ?? []).filter(\.status.isVoid).map { (order: basket.id, refund: $0) }
        }
        guard !failed.isEmpty else { return }
        let (order, refund) = random.pick(failed)
        // Nobody pays in another way what Stripe's dashboard shows as given back there.
        let isAllKnown = stripe.refunds(ofOrder: order).allSatisfy { made in
            payments.refunds[order]?.contains { $0.stripeRefundID == made.id } == true
        }
        let resolution = isAllKnown ? random.pick(RefundResolution.allCases) : .notOwed
        try payments.resolve(refund, of: order, resolution)
        tell("an operator says of a failed refund of \(name(order)): \(resolution.rawValue)")
    }

    /// What became of refunds in this run.
    var refundStories: Set<RefundStory> {
        var stories: Set<RefundStory> = []
        for (order, refunds) in payments.refunds {
            let charge = stripe.charge(of: order)
            for refund in refunds where !refund.status.isVoid {
                switch refund.origin {
                case .operator: if refund.amount.amount < charge { stories.insert(.inPart) }
                case .order: stories.insert(refund.amount.amount < charge ? .whatWasLeft : .inFull)
                case .outside: stories.insert(.paidElsewhere)
                case .stripe: stories.insert(.madeAtStripe)
                }
            }
            if refunds.contains(where: { $0.status == .failed && $0.stripeRefundID == nil }) {
                stories.insert(.refused)
            }
            if refunds.count(where: \.status.isVoid) > 2 { stories.insert(.failedAgainAndAgain) }
            if refunds.count(where: { $0.origin == .order }) > 2 { stories.insert(.madeAgainAndAgain) }
        }
        return stories
    }
}

/// What can become of refunds.
enum RefundStory: String, Sendable, CaseIterable {
    case inFull
    /// By an operator.
    case inPart
    /// By itself, of what operators' refunds had left.
    case whatWasLeft
    case paidElsewhere
    /// By somebody in Stripe's dashboard.
    case madeAtStripe
    /// There was less left at Stripe than was known here.
    case refused
    /// Three refunds of one payment, or more.
    case failedAgainAndAgain
    /// Three refunds by itself, or more, of which the last one stayed.
    case madeAgainAndAgain
}
