import Foundation
import Testing

@testable import artesanos

/// What a load decides before it places an order, and what it makes of the figures.
@Suite struct LoadPlanTests {
    @Test func theSharesAreExactAndTheSameSeedGivesTheSameOrders() {
        let plan = LoadPlan(1_000, mix: .standard, products: 7, seed: 42)
        let counts = Dictionary(grouping: plan.orders, by: \.outcome).mapValues(\.count)
        #expect(counts == [.success: 800, .outOfStock: 100, .declined: 50, .cancelled: 50])
        #expect(plan == LoadPlan(1_000, mix: .standard, products: 7, seed: 42))
        #expect(plan != LoadPlan(1_000, mix: .standard, products: 7, seed: 43))
        #expect(plan.orders.allSatisfy { ($0.sku == LoadPlan.soldOut) == ($0.outcome == .outOfStock) })
        #expect(plan.skus.reduce(0) { $0 + plan.pieces(of: $1) } == 900)
        #expect(plan.pieces(of: LoadPlan.soldOut) == 0)
    }

    @Test(arguments: 1...37)
    func whatDoesNotDivideIsSharedOutToo(total: Int) {
        let counts = LoadMix.standard.counts(of: total)
        #expect(counts.values.reduce(0, +) == total)
        for (outcome, weight) in LoadMix.standard.weights {
            #expect(abs(Double(counts[outcome, default: 0]) - Double(weight * total) / 100) < 1)
        }
    }

    @Test func aMixIsReadOrRefused() {
        #expect(LoadMix(argument: "success=1,out-of-stock=3")?.weights == [.success: 1, .outOfStock: 3])
        #expect(LoadMix(argument: LoadMix.standard.defaultValueDescription) == .standard)
        for wrong in [
            "", "success", "success=", "success=-1", "success=1,success=2", "failed=3", "success=0", "success=1,",
        ] {
            #expect(LoadMix(argument: wrong) == nil, "\(wrong)")
        }
    }

    @Test func ranksAreOfTheNearestValueThatWasMeasured() throws {
        let hundred = try #require(Percentiles((1...100).shuffled().map(Double.init)))
        #expect((hundred.p50, hundred.p95, hundred.p99, hundred.max) == (50, 95, 99, 100))
        let one = try #require(Percentiles([7.04]))
        #expect((one.p50, one.p99, one.max) == (7, 7, 7))
        #expect(Percentiles([]) == nil)
    }

    @Test func aRateSaysWhenEachOrderIsDue() {
        #expect(LoadPace.rate(20, connections: 5).start(of: 10) == .milliseconds(500))
        #expect(LoadPace.burst(connections: 5).start(of: 10) == .zero)
        #expect(LoadPace.atOnce(5).isClosed)
        #expect(LoadPace.rate(20, connections: 5).isClosed == false)
    }

    @Test func anOrderThatEndedOtherwiseIsNotAsExpected() {
        var order = LoadedOrder(outcome: .declined, startedAt: Date())
        #expect(order.isAsExpected == false)
        (order.status, order.reason) = ("CANCELLED", "out_of_stock")
        #expect(order.isAsExpected == false)
        order.reason = "payment_declined"
        #expect(order.isAsExpected)
    }
}
