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

    /// - Parameter snapshot: what Stripe's stand-in has; nil when payments talk to Stripe itself.
    func run(_ snapshot: (() async throws -> SandboxSnapshot)?) async throws -> LoadReport {
        let pool = try system.pool(.orders)
        try await shop.stockUp(plan)
        let skus = plan.skus + [LoadPlan.soldOut]
        try await Polling.wait("the order service did not get the load's products", within: .seconds(60)) {
            try await pool.query(DevelopmentSQL.knownProducts, skus).first?.get(0, as: Int64.self) == Int64(skus.count)
        }
        let run = LoadRun(
            plan: plan, pace: pace, shop: shop, pool: pool, timeout: timeout,
            progress: LoadProgress(total: plan.orders.count).show)
        let result = try await run.run()
        // What follows the ends, such as taking sold pieces off the shelf.
        _ = try await Backlog.settle(system, within: .seconds(30))
        let verification = try await Verification(system: system).run()
        let final = try await run.review(result)
        let differing = try await snapshot.asyncMap { LoadStripe.differing(final.orders, from: try await $0()) }
        return LoadReport(
            final, seed: seed, differingAtStripe: differing, verification: verification.showing(5))
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        if let value = self { try await transform(value) } else { nil }
    }
}
