import Contracts
import Foundation
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Orders

@Suite("Placing an order")
struct PlaceOrderTests {
    @Test("writes order, lines, saga, history, deadline and event")
    func writesEverything() async throws {
        let setting = try await Setting()
        try await setting.product("bowl", price: 2_500)
        try await setting.product("jug", price: 1_999)
        let placed = try await setting.place(
            [("jug", 1), ("bowl", 2)], customer: "ana", paymentMethod: "pm_card_visa")
        #expect(!placed.isReplayed)
        let order = try await setting.known(placed.orderID)

        let record = try await setting.record(order.id)
        #expect(record.status == .pending && record.step == .started && record.reason == nil)
        #expect(record.customerID == "ana" && record.isPaidByServer)
        #expect(record.total == Money(amount: 6_999, currency: "EUR"))
        #expect(record.lines?.map(\.sku) == ["jug", "bowl"])
        #expect(record.lines?.map(\.quantity) == [1, 2])
        #expect(record.lines?.map(\.unitPrice.amount) == [1_999, 2_500])

        let saga = try await setting.saga(order.id)
        #expect(saga.version == OrderSaga.version && saga.state.total == 6_999 && saga.settledAt == nil)
        #expect(try await setting.awaited(order) == .stock)
        #expect(saga.deadline?.at == saga.createdAt + 30)
        #expect(saga.totalDeadline == saga.createdAt + 7_200)

        let history = try await setting.service.history.all(of: order.id)
        #expect(history.map(\.event) == ["order.placed"])
        #expect(history.map(\.actions) == [["order PENDING", "deadline stock", "order.created.v1"]])

        let created = try await setting.told(EventType.orderCreated, as: OrderCreated.self, of: order)
        #expect(
            created == [
                OrderCreated(
                    orderId: order.id, sagaId: order.saga, customerId: "ana",
                    lines: [
                        OrderLine(sku: "jug", quantity: 1, unitPrice: Money(amount: 1_999, currency: "EUR")),
                        OrderLine(sku: "bowl", quantity: 2, unitPrice: Money(amount: 2_500, currency: "EUR")),
                    ], total: Money(amount: 6_999, currency: "EUR"), paymentMethod: "pm_card_visa")
            ])
        #expect(try await setting.told(order) == [EventType.orderCreated])
    }

    @Test("sums the lines of one product")
    func sums() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        try await setting.product("jug")
        let placed = try await setting.place([("bowl", 2), ("jug", 1), ("bowl", 3)])
        let lines = try await setting.record(placed.orderID).lines
        #expect(lines?.map(\.sku) == ["bowl", "jug"])
        #expect(lines?.map(\.quantity) == [5, 1])
    }

    @Test("takes the prices that the replica has now")
    func takesTheReplicasPrices() async throws {
        let setting = try await Setting()
        try await setting.product("bowl", price: 2_500, version: 1)
        let before = try await setting.place([("bowl", 1)])
        try await setting.product("bowl", price: 3_000, version: 2)
        let after = try await setting.place([("bowl", 1)])
        #expect(try await setting.record(before.orderID).total.amount == 2_500)
        #expect(try await setting.record(after.orderID).total.amount == 3_000)
    }

    @Test("refuses unknown and withdrawn products, naming each line")
    func refusesUnknown() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        try await setting.product("old", isActive: false)
        let problem = await #expect(throws: Problem.self) {
            try await setting.place([("bowl", 1), ("ghost", 1), ("old", 1)])
        }
        #expect(problem?.code == "validation_failed")
        #expect(problem?.errors.map(\.field) == ["lines[1].sku", "lines[2].sku"])
        #expect(problem?.errors.map(\.code) == ["unknown_product", "inactive_product"])
        #expect(try await setting.count("select count(*) from orders") == 0)
    }

    @Test("refuses lines of several currencies, and more than can be charged")
    func refusesTotals() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        try await setting.product("imported", currency: "USD")
        try await setting.product("statue", price: 99_999_999)
        let mixed = await #expect(throws: Problem.self) { try await setting.place([("bowl", 1), ("imported", 1)]) }
        #expect(mixed?.code == "mixed_currencies")
        let large = await #expect(throws: Problem.self) { try await setting.place([("statue", 2)]) }
        #expect(large?.code == "total_too_large")
        let sum = await #expect(throws: Problem.self) { try await setting.place([("statue", 1), ("bowl", 1)]) }
        #expect(sum?.code == "total_too_large")
        _ = try await setting.place([("statue", 1)])
    }

    @Test("leaves nothing when any part of it fails", arguments: ["scheduled_job", "outbox", "saga_history"])
    func allOrNothing(table: String) async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        let refuse: [String: Statement] = [
            "scheduled_job": "alter table scheduled_job add constraint refuse check (kind <> 'saga.deadline')",
            "outbox": "alter table outbox add constraint refuse check (subject <> 'order.created.v1')",
            "saga_history": "alter table saga_history add constraint refuse check (event <> 'order.placed')",
        ]
        try await setting.pool.query(try #require(refuse[table]).bind())
        let error = await #expect(throws: PostgresError.self) { try await setting.place(key: "one") }
        #expect(error?.constraint == "refuse")
        for statement: Statement in [
            "select count(*) from orders", "select count(*) from order_line", "select count(*) from saga",
            "select count(*) from saga_history", "select count(*) from idempotency_key",
            "select count(*) from scheduled_job where kind = 'saga.deadline'", "select count(*) from outbox",
        ] {
            #expect(try await setting.count(statement) == 0, "\(statement.sql)")
        }
        // The same key then works: nothing of the failed try is in its way.
        let undo: [String: Statement] = [
            "scheduled_job": "alter table scheduled_job drop constraint refuse",
            "outbox": "alter table outbox drop constraint refuse",
            "saga_history": "alter table saga_history drop constraint refuse",
        ]
        try await setting.pool.query(try #require(undo[table]).bind())
        #expect(try await !setting.place(key: "one").isReplayed)
    }

    @Test("counts what was committed, and nothing else")
    func counts() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        _ = try await setting.place(key: "one")
        _ = try await setting.place(key: "one")
        _ = try? await setting.place([("ghost", 1)])
        let text = await setting.registry.exposition()
        #expect(text.contains("orders_created_total 1\n"))
        #expect(text.contains(#"order_status_count{status="PENDING"} 1"#))
    }
}
