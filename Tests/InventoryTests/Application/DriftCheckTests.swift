import Logging
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Inventory

@Suite("Stock's drift check")
struct DriftCheckTests {
    @Test("products that do not add up are counted, all of them, and named in the log; every replica shows the same")
    func finds() async throws {
        let (registry, log) = (PrometheusRegistry(), RecordedLog())
        let setting = try await Setting(registry: registry, logger: log.logger)
        let others = PrometheusRegistry()
        let replica = Setting(setting.database, registry: others)
        func gauges() async throws -> [Bool] {
            try await setting.service.gauges.look()
            try await replica.service.gauges.look()
            let count = try await StockReader.levels(on: setting.pool).driftingProducts ?? -1
            var answers: [Bool] = []
            for registry in [registry, others] {
                answers.append(await registry.exposition().contains("\nstock_drift \(count)"))
            }
            return answers
        }
        #expect(try await StockReader.levels(on: setting.pool).driftingProducts == nil)
        // More than the log names. Pieces that no ledger knows of.
        try await setting.pool.query(
            """
            insert into product (sku, artisan_id, title, price_minor, currency)
            select 'SKU-' || n, 'ana', 'A piece', 100, 'EUR' from generate_series(1, 120) n
            """)
        try await setting.pool.query("insert into stock (sku, on_hand) select sku, 7 from product")
        try await check(setting, finds: 120)
        #expect(try await gauges() == [true, true])
        let lines = log.lines.filter { $0.message == "stock has drifted" && $0.level == .error }
        #expect(lines.count == 100)
        let first = try #require(lines.first?.metadata)
        #expect(first["sku"] == "SKU-1" && first["on_hand"] == "7" && first["ledger_on_hand"] == "0")

        try await setting.pool.query(
            """
            insert into stock_ledger (sku, kind, delta_on_hand, delta_reserved, reason, actor)
            select sku, 'adjusted', 7, 0, 'counted', 'ops:olga' from product
            """)
        try await check(setting, finds: 0)
        #expect(try await gauges() == [true, true])
        #expect(log.lines.count { $0.message == "stock has drifted" } == 100)
    }

    private func check(_ setting: Setting, finds count: Int) async throws {
        try await setting.environment.jobs.ensure(CheckStockDrift.kind, key: "check", on: setting.pool)
        try await setting.pool.query("update scheduled_job set run_at = now() where kind = 'stock.drift-check'")
        try await setting.runJobs(until: "the check has found \(count)") {
            try await StockReader.levels(on: setting.pool).driftingProducts == count
        }
    }
}
