import ServiceRuntime
import Contracts
import Foundation
import Outbox
import Postgres
import TestSupport
import Testing

@testable import Orders

@Suite("Events for the sagas")
struct SagaEventHandlerTests {
    @Test("a batch of many orders is one transaction, and each order gets its own outcome")
    func batch() async throws {
        let setting = try await Setting()
        var orders: [TestOrder] = []
        for _ in 0..<40 { orders.append(try await setting.order()) }
        let events = try orders.enumerated().map { index, order in
            try index.isMultiple(of: 4) ? order.outOfStock() : order.reserved()
        }
        let outcomes = try await setting.apply(batch: events.shuffled())
        #expect(outcomes == [HandlerOutcome](repeating: .applied, count: 40))
        for (index, order) in orders.enumerated() {
            let expected = index.isMultiple(of: 4) ? "STOCK_FAILED CANCELLED" : "STOCK_RESERVED PENDING"
            #expect(try await setting.state(order) == expected)
            #expect(try await setting.awaited(order) == (index.isMultiple(of: 4) ? .undo : .payment))
        }
        #expect(try await setting.count("select count(distinct xmin::text) from saga") == 1)
    }

    @Test("a transaction that fails leaves nothing, and the same events then apply")
    func failingTransaction() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        let before = try await setting.job(of: order)
        struct Crash: Error {}
        await #expect(throws: Crash.self) {
            try await setting.pool.withTransaction { transaction in
                _ = try await setting.handler.handle(
                    batch: [try order.reserved(), try order.succeeded()], in: transaction)
                throw Crash()
            }
        }
        #expect(try await setting.state(order) == "STARTED PENDING")
        #expect(try await setting.job(of: order) == before)
        #expect(try await setting.told(order) == [EventType.orderCreated])
        #expect(try await setting.service.history.all(of: order.id).count == 1)
        #expect(await !setting.registry.exposition().contains(#"status="CONFIRMED"} 1"#))
        try await setting.apply(try order.reserved(), try order.succeeded())
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
    }

    @Test("an illegal event changes nothing, is kept and counted")
    func illegal() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        try await setting.apply(try order.reserved(), try order.succeeded())
        let outcomes = try await setting.apply(try order.paymentCancelled())
        #expect(outcomes == [.ignored("illegal: it has succeeded")])
        #expect(try await setting.state(order) == "COMPLETED CONFIRMED settled")
        let last = try await setting.service.history.all(of: order.id).last
        #expect(last?.verdict == "illegal" && last?.note == "it has succeeded" && last?.actions == [])
        #expect(await setting.registry.exposition().contains("saga_illegal_events_total 1\n"))
        #expect(try await setting.count("select count(*) from saga_illegal_event") == 1)
    }

    @Test("an event that names another saga is illegal")
    func anotherSaga() async throws {
        let setting = try await Setting()
        let order = try await setting.order()
        let other = TestOrder(id: order.id, saga: .v7())
        #expect(try await setting.apply(try other.reserved()) == [.ignored("illegal: it names another saga")])
        #expect(try await setting.state(order) == "STARTED PENDING")
    }

    @Test("an event of an order that is not here, or whose saga is of a newer release, is parked")
    func parked() async throws {
        let setting = try await Setting()
        let stranger = TestOrder(id: .v7(), saga: .v7())
        #expect(try await setting.apply(try stranger.reserved()) == [.parked("there is no such order")])
        let order = try await setting.order()
        try await setting.pool.query("update saga set definition_version = 99, data = '{\"new\": true}'")
        let outcomes = try await setting.apply(try order.reserved())
        guard case .parked(let reason)? = outcomes.first else {
            Issue.record("not parked: \(outcomes)")
            return
        }
        #expect(reason.contains("99"))
        let refused = await #expect(throws: StartRefused.self) { try await SagaVersions.check(on: setting.pool) }
        #expect(refused?.description.contains("1 of version 99") == true)
        #expect(setting.service.readinessChecks.map(\.name) == ["saga-versions"])
        #expect(setting.service.startChecks.map(\.name) == ["saga-versions"])
    }

    @Test("a database that is not migrated yet keeps no release from starting: it has no sagas")
    func notMigrated() async throws {
        let pool = try await TestDatabase.make().pool(size: 1)
        try await SagaVersions.check(on: pool)
    }

    @Test("an event that cannot be read throws, so that the runner can dead-letter it")
    func unreadable() async throws {
        let setting = try await Setting()
        let event = try TestEvents.event(
            EventType.inventoryReserved, ["orderId": "no"], stream: "inventory", aggregate: "reservation", id: .v7())
        await #expect(throws: DecodingError.self) { try await setting.apply(event) }
    }

    @Test("products are taken over unless the replica is newer, also when a batch has one twice")
    func products() async throws {
        let setting = try await Setting()
        let outcomes = try await setting.apply(
            try TestEvents.product("bowl", price: 300, version: 3),
            try TestEvents.product("jug", price: 10, version: 1),
            try TestEvents.product("bowl", price: 200, version: 2))
        #expect(outcomes[1] == .applied)
        #expect(
            try await setting.apply(try TestEvents.product("bowl", price: 200, version: 2))
                == [.ignored("the replica is newer")])
        #expect(
            try await setting.apply(try TestEvents.product("bowl", price: 300, version: 3))
                == [.ignored("the replica is newer")])
        #expect(try await setting.count("select price_minor from catalogue_product where sku = 'bowl'") == 300)
        try await setting.product("bowl", isActive: false, version: 4)
        #expect(try await setting.count("select count(*) from catalogue_product where not active") == 1)
    }

    @Test("what is of no interest is ignored")
    func ofNoInterest() async throws {
        let setting = try await Setting()
        let event = try TestEvents.event(
            EventType.inventoryLowStock, InventoryLowStock(sku: "bowl", artisanId: "luis", available: 1, threshold: 2),
            stream: "inventory", aggregate: "product", id: .v7())
        #expect(try await setting.apply(event) == [.ignored("of no interest to orders")])
    }

    @Test("inventory's and payments' consumers, deadlines and customers at the same time never deadlock")
    func concurrency() async throws {
        let setting = try await Setting(connections: 24)
        var orders: [TestOrder] = []
        for _ in 0..<60 { orders.append(try await setting.order()) }
        let all = orders
        try await setting.pool.query("update saga set deadline = now()")
        try await setting.pool.query("update scheduled_job set run_at = now() where kind = 'saga.deadline'")
        try await withThrowingTaskGroup(of: Void.self) { group in
            let runner = JobRunner(
                setting.service.jobs, queue: setting.environment.jobs, pool: setting.pool, poll: .milliseconds(2),
                logger: setting.environment.logger)
            group.addTask { try await runner.run() }
            try await withThrowingTaskGroup(of: Void.self) { race in
                for part in 0..<3 {
                    let some = all.enumerated().filter { $0.offset % 3 == part }.map(\.element)
                    race.addTask { try await setting.apply(batch: try some.shuffled().map { try $0.reserved() }) }
                    race.addTask { try await setting.apply(batch: try some.shuffled().map { try $0.pending() }) }
                    race.addTask { try await setting.apply(batch: try some.shuffled().map { try $0.succeeded() }) }
                    race.addTask {
                        for order in some.prefix(5) {
                            _ = try? await setting.service.cancelOrder(
                                order.id, by: .over(http: Identity(subject: "ana", role: .customer)))
                        }
                    }
                }
                try await race.waitForAll()
            }
            group.cancelAll()
        }
        #expect(
            try await setting.count(
                "select count(*) from saga where (settled_at is null) and deadline < now() - interval '5 minutes'") == 0
        )
        for order in all {
            // Each unsettled one has its job, at its very deadline.
            let awaited = try await setting.awaited(order)
            #expect((awaited == nil) == (try await setting.state(order).hasSuffix("settled")))
        }
        #expect(
            try await setting.count("select deadlocks from pg_stat_database where datname = current_database()") == 0)
    }
}
