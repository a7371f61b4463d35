import Composition
import Foundation
import Inventory
import LocalServers
import Postgres
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// Orders is started while its database is away.
    @Suite struct StartTests {
        private struct Report: Decodable {
            struct Check: Decodable {
                let name: String
                let status: String
                let error: String?
            }

            let checks: [Check]
        }

        private struct Problem: Decodable { let code: String }

        /// Orders with its relay, as a process of its own on a server of its own, which is down.
        private func start(
            _ market: Marketplace, on postgres: LocalPostgres
        ) async throws -> (process: CommandProcess, database: TestDatabase) {
            let database = try await TestDatabase.make(ServiceName.orders.migrations, on: postgres)
            await postgres.kill()
            let process = try CommandProcess(
                ["serve", "orders", "--with-relay"],
                environment: market.environment.merging([
                    "ORDERS_DATABASE_URL": database.url, "LOG_LEVEL": "warning",
                ]) { $1 })
            try await eventually("it is alive", within: .seconds(60)) {
                try await market.client.get(.orders, "/health/live").status == 200
            }
            return (process, database)
        }

        @Test func ordersStartedBeforeItsDatabaseTakesOrdersOnceThatIsThere() async throws {
            let postgres = try await LocalPostgres.start(settings: ["fsync": "off"])
            try await Marketplace.run(hosting: []) { market in
                let (process, database) = try await start(market, on: postgres)
                let ready = try await market.client.get(.orders, "/health/ready")
                #expect(ready.status == 503)
                let waiting = try ready.json(Report.self).checks.first { $0.name == "start" }
                #expect(waiting?.status == "down")
                #expect(waiting?.error?.contains("waits for saga-versions") == true, "\(ready)")
                #expect(try await market.client.get(.orders, "/metrics").status == 200)
                let refused = try await market.post("ESP-CAPACHO-32")
                #expect(refused.status == 503)
                #expect(try refused.json(Problem.self).code == "starting")

                try await postgres.restart()
                try await eventually("orders is ready", within: .seconds(60)) { await market.client.isReady(.orders) }
                let pool = database.pool(size: 1)
                try await market.withServices([.payments, .inventory], relaying: [.payments, .inventory]) {
                    try await eventually("orders has consumed the catalogue", within: .seconds(60)) {
                        let count: Statement = "select count(*) from catalogue_product"
                        return try await pool.query(count.bind()).first?.get(0, as: Int64.self) ?? 0
                            == CatalogueSeed.pieces.count
                    }
                    let placed = try await market.place("ESP-CAPACHO-32")
                    #expect(try await market.settled(placed.orderId).status == "CONFIRMED")
                }
                await pool.close()
                try await process.stop()
            }
            await postgres.stop()
        }

        @Test func sigtermWhileTheStartWaitsEndsTheProcessInOrder() async throws {
            let postgres = try await LocalPostgres.start(settings: ["fsync": "off"])
            try await Marketplace.run(hosting: []) { market in
                let (process, _) = try await start(market, on: postgres)
                // Well before SHUTDOWN_TIMEOUT would end it.
                try await process.stop()
            }
            await postgres.stop()
        }
    }
}
