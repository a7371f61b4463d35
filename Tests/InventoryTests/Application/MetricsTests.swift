import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Inventory

@Suite("Inventory's metrics")
struct MetricsTests {
    @Test("what was committed is counted under the names that dashboards know, what was rolled back is not")
    func counts() async throws {
        let setting = try await Setting()
        let registry = PrometheusRegistry()
        let metrics = InventoryMetrics(factory: registry)
        let store = StockBookStore(
            policy: setting.configuration.holdPolicy, outbox: setting.environment.outbox,
            jobs: setting.environment.jobs, metrics: metrics)
        let handler = StockEventHandler(store: store)
        func apply(_ event: InboundEvent) async throws {
            _ = try await setting.pool.withTransaction { try await handler.handle(event, in: $0) }
        }
        try await setting.product("JAR", stock: 4, threshold: 3)
        let (sold, cancelled, late) = (TestOrder(["JAR": 1]), TestOrder(["JAR": 1]), TestOrder(["JAR": 1]))
        for order in [sold, cancelled, late] { try await apply(try order.created()) }
        try await apply(try TestOrder(["JAR": 9]).created())
        try await apply(try sold.confirmed())
        try await apply(try cancelled.cancelled())
        try await setting.pool.query("update reservation set expires_at = now() - interval '2 seconds'")
        // Its COMMIT takes a second: others have the stock no sooner.
        try await setting.pool.withConnection {
            try await $0.runScript(
                """
                create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return null; end $$;
                create constraint trigger slow after update on reservation deferrable initially deferred
                    for each row execute function slow();
                """)
        }
        let expiry = ExpireReservations(batchSize: 10, store: store)
        let payload = try WireJSON.encode(
            StockBookStore.ExpiryPayload(orderId: late.id, reservationId: try await setting.reservationID(late)))
        let row = try await setting.pool.query(
            """
            insert into scheduled_job (kind, payload) values ('reservation.expire', $1) returning id
            """, String(decoding: payload, as: UTF8.self))
        #expect(row.count == 1)
        struct RolledBack: Error {}
        let command = StockCommand.expire(orderID: late.id, reservationID: try await setting.reservationID(late))
        await #expect(throws: RolledBack.self) {
            try await setting.pool.withTransaction { transaction in
                var book = try await store.load(for: [command], in: transaction)
                _ = try book.apply(command)
                try store.save(book, in: transaction)
                throw RolledBack()
            }
        }
        let runner = JobRunner(
            [expiry], queue: setting.environment.jobs, pool: setting.pool, poll: .milliseconds(20),
            logger: setting.environment.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            try await eventually("the hold has expired") { try await setting.statuses(late) == ["expired"] }
            try await eventually("it is counted") {
                await lines(registry).contains(#"released_total{reason="expired"} 1"#)
            }
            group.cancelAll()
        }
        metrics.set(StockReader.Levels(activeReservations: 7, driftingProducts: 0))
        let text = await lines(registry)
        for line in [
            "inventory_reserved_total 3", "inventory_out_of_stock_total 1",
            #"inventory_released_total{reason="cancelled"} 1"#, #"inventory_released_total{reason="expired"} 1"#,
            #"inventory_released_total{reason="failed"} 0"#, #"inventory_released_total{reason="operator"} 0"#,
            "stock_low_alerts_total 1", "reservations_active 7", "stock_drift 0", "reservation_sweep_found_total 0",
            "reservation_expiry_lateness_seconds_count 1", #"reservation_expiry_lateness_seconds_bucket{le="2.5"} 0"#,
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
    }

    private func lines(_ registry: PrometheusRegistry) async -> String {
        await registry.exposition().replacing(".0\n", with: "\n")
    }
}
