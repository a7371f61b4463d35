import Contracts
import Outbox
import Postgres
import ServiceRuntime
import Testing
import TestSupport

@testable import Inventory

@Suite("Low stock")
struct LowStockTests {
    @Test("the artisan is told once a crossing, and again only after the shelf has recovered")
    func onceACrossing() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5, threshold: 3)
        let orders = (0..<4).map { _ in TestOrder(["JAR": 1]) }
        try await setting.apply(try orders[0].created())
        try await setting.apply(try orders[1].created())
        #expect(try await setting.lowStock().isEmpty)
        try await setting.apply(try orders[2].created())
        try await setting.apply(try orders[3].created())
        #expect(
            try await setting.lowStock() == [
                InventoryLowStock(sku: "JAR", artisanId: "ana", available: 2, threshold: 3)
            ])
        // Selling takes the pieces off the shelf, but what can be sold stays the same.
        try await setting.apply(try orders[0].confirmed())
        #expect(try await setting.lowStock().count == 1)
        try await adjust("JAR", by: 2, in: setting)
        #expect(try await setting.level("JAR").isLowStockAlerted == false)
        try await adjust("JAR", by: -1, in: setting)
        #expect(try await setting.lowStock().map(\.available) == [2, 2])
    }

    @Test("an adjustment crosses it, and so does raising the threshold")
    func otherCrossings() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5, threshold: 3)
        try await adjust("JAR", by: -3, in: setting)
        #expect(try await setting.lowStock().map(\.available) == [2])
        try await setting.product("LAMP", stock: 5)
        try await setting.pool.withTransaction { transaction in
            _ = try await SetLowStockThreshold(store: setting.service.store).run(
                "LAMP", 10, by: Setting.ops, in: transaction)
        }
        #expect(try await setting.lowStock().map(\.threshold) == [3, 10])
    }

    @Test("within one batch each crossing is told")
    func withinABatch() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 3, threshold: 3)
        let first = TestOrder(["JAR": 1])
        let second = TestOrder(["JAR": 2])
        try await setting.apply(try first.created(), try first.cancelled(), try second.created())
        #expect(try await setting.lowStock().map(\.available) == [2, 1])
    }

    @Test("without a threshold nobody is told")
    func noThreshold() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 1)
        try await setting.apply(try TestOrder(["JAR": 1]).created())
        #expect(try await setting.lowStock().isEmpty)
    }

    private func adjust(_ sku: String, by delta: Int, in setting: Setting) async throws {
        try await setting.pool.withTransaction { transaction in
            _ = try await AdjustStock(store: setting.service.store).run(
                sku, .init(delta: delta, reason: "count"), by: Setting.ops, in: transaction)
        }
    }
}
