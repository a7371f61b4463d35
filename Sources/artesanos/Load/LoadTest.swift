import Postgres
import Composition
import Foundation
import Inventory
import StripeSandbox

/// A whole load: stock, orders, their ends, and the checks behind it.
struct LoadTest: Sendable {
    let plan: LoadPlan
    let pace: LoadPace
    let shop: LoadShop
    let system: SystemView
    let timeout: Duration
    let seed: UInt64
    /// Orders that are placed first and not counted: a service that has just started opens its connections and prepares
    /// its statements with them.
    var warmUp = 0
    /// Told from time to time: how many were placed, and how many have ended.
    var progress: @Sendable (_ placed: Int, _ ended: Int) -> Void = { _, _ in }

    /// - Parameter snapshot: what Stripe's stand-in has; nil when payments talk to Stripe itself.
    func run(_ snapshot: (() async throws -> SandboxSnapshot)?) async throws -> LoadReport {
        let pool = try system.pool(.orders)
        let warmUpPlan = LoadPlan(warmUp, mix: LoadMix([.success: 1]), products: plan.skus.count, seed: seed)
        try await shop.stockUp(plan, and: warmUpPlan)
        let skus = plan.skus + [LoadPlan.soldOut]
        try await Polling.wait("the order service did not get the load's products", within: .seconds(60)) {
            try await pool.query(DevelopmentSQL.knownProducts, skus).first?.get(0, as: Int64.self) == Int64(skus.count)
        }
        if warmUp > 0 {
            _ = try await LoadRun(
                plan: warmUpPlan, pace: .burst(connections: pace.connections), shop: shop, pool: pool, timeout: timeout
            ).run()
            _ = try await Backlog.settle(system, within: .seconds(10))
        }
        let run = LoadRun(
            plan: plan, pace: pace, shop: shop, pool: pool, timeout: timeout,
            progress: progress)
        let result = try await run.run()
        // What follows the ends, such as taking sold pieces off the shelf.
        _ = try await Backlog.settle(system, within: .seconds(30))
        let verification = try await Verification(system: system).run()
        let final = try await run.review(result)
        let differing = try await snapshot.asyncMap { LoadStripe.differing(final.orders, from: try await $0()) }
        let stages = try await pool.query(LoadSQL.stages, final.orders.compactMap(\.orderID)).map { row in
            LoadReport.Stage(
                event: try row.get(0), orders: try row.get(1), p50: try row.get(2), p95: try row.get(3))
        }
        return LoadReport(
            final, seed: seed, stages: stages, differingAtStripe: differing, verification: verification.showing(5))
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        if let value = self { try await transform(value) } else { nil }
    }
}
