import Contracts
import Foundation
import Outbox
import Postgres
import ServiceRuntime
import Testing
import TestSupport

@testable import Inventory

@Suite("order.created.v1")
struct ReserveTests {
    @Test("all lines are held, the job is scheduled at the end of the hold, the ledger and the others are told")
    func reserves() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        try await setting.product("LAMP", stock: 2)
        let order = TestOrder(["JAR": 2, "LAMP": 1])
        #expect(try await setting.apply(try order.created()) == [.applied])

        #expect(try await setting.stock("JAR") == [5, 2])
        #expect(try await setting.stock("LAMP") == [2, 1])
        let told = try #require(try await setting.reserved(order).first)
        #expect(told.sagaId == order.saga)
        #expect(told.lines == order.lines)
        let id = try await setting.reservationID(order)
        #expect(told.reservationId == id)
        let expiry = try #require(try await setting.expiry(order))
        #expect(abs(told.expiresAt.timeIntervalSince(expiry)) < 0.002)
        let minutes = try await setting.count(
            "select round(extract(epoch from expires_at - created_at) / 60)::int from reservation")
        #expect(minutes == 15)
        let matching = try await setting.count(
            """
            select count(*) from scheduled_job j join reservation r on j.unique_key = r.id::text
            where j.kind = 'reservation.expire' and j.run_at = r.expires_at and r.attempt = 1
            """)
        #expect(matching == 1)
        let movements = try await StockReader.movements(
            of: "JAR", before: nil, kind: .reserved, limit: 9, on: setting.pool)
        #expect(movements.map(\.deltaReserved) == [2])
        #expect(movements.first?.reference == id.lowercased)
        #expect(movements.first?.actor == "system")
        #expect(try await setting.drift() == 0)
    }

    @Test("nothing is held when one line is short, and every short line is listed")
    func allOrNothing() async throws {
        let setting = try await Setting()
        try await setting.product("A", stock: 5)
        try await setting.product("B", stock: 1)
        try await setting.product("C", stock: 9, isActive: false)
        let order = TestOrder(["A": 1, "B": 2, "C": 1, "NO-SUCH": 3])
        #expect(try await setting.apply(try order.created()) == [.applied])
        let told = try #require(try await setting.outOfStock(order).first)
        #expect(
            told.shortages == [
                Shortage(sku: "B", requested: 2, available: 1), Shortage(sku: "C", requested: 1, available: 0),
                Shortage(sku: "NO-SUCH", requested: 3, available: 0),
            ])
        #expect(try await setting.reserved().isEmpty)
        #expect(try await setting.stock("A") == [5, 0])
        #expect(try await setting.expiryJobs().isEmpty)
    }

    @Test("the same SKU on two lines is summed")
    func sumsLines() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 3)
        let order = TestOrder(lines: [StockLine(sku: "JAR", quantity: 2), StockLine(sku: "JAR", quantity: 2)])
        try await setting.apply(try order.created())
        #expect(
            try await setting.outOfStock(order).first?.shortages == [Shortage(sku: "JAR", requested: 4, available: 3)])
    }

    @Test("in one batch the earlier order gets the last piece, and mixed events keep their order")
    func batchKeepsOrder() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 1)
        let first = TestOrder(["JAR": 1])
        let second = TestOrder(["JAR": 1])
        let third = TestOrder(["JAR": 1])
        try await setting.apply(
            try first.created(), try second.created(), try first.cancelled(), try third.created())
        #expect(try await setting.reserved().map(\.orderId) == [first.id, third.id])
        #expect(try await setting.outOfStock().map(\.orderId) == [second.id])
        #expect(try await setting.released(first).first?.lines == first.lines)
        #expect(try await setting.stock("JAR") == [1, 1])
        #expect(try await setting.drift() == 0)
    }

    @Test("an order that is asked for again under a new event id is answered again, and held once")
    func askedAgain() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 2])
        try await setting.apply(try order.created())
        try await setting.apply(try order.created())
        let told = try await setting.reserved(order)
        #expect(told.count == 2)
        #expect(Set(told.map(\.reservationId)).count == 1)
        #expect(try await setting.stock("JAR") == [5, 2])
    }

    @Test("an event that is delivered twice is applied once, through the real consumer")
    func deliveredTwice() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 9)
        let orders = (0..<3).map { _ in TestOrder(["JAR": 1]) }
        let events = try orders.flatMap { order in
            let created = try order.created()
            return [created, created]
        }
        let broker = ListBroker(events + events, batch: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let runner = ConsumerRunner(
                setting.service.consumers[0], broker: broker, pool: setting.pool, logger: setting.environment.logger)
            group.addTask { try await runner.run() }
            try await eventually("all are acknowledged") { broker.acknowledged == 12 }
            group.cancelAll()
        }
        #expect(try await setting.reserved().count == 3)
        #expect(try await setting.stock("JAR") == [9, 3])
        #expect(try await setting.count("select count(*) from inbox where consumer = 'inventory-orders'") == 3)
    }

    @Test("an order whose lines make no sense is an error, and leaves nothing behind")
    func nonsense() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(lines: [StockLine(sku: "JAR", quantity: -1)])
        await #expect(throws: StockLinesError.quantity(sku: "JAR")) { try await setting.apply(try order.created()) }
        #expect(try await setting.count("select count(*) from reservation_order") == 0)
    }

    @Test("messages continue the trace of the event that caused them")
    func continuesTrace() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let order = TestOrder(["JAR": 1])
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let event = try order.event(
            EventType.orderCreated,
            OrderCreated(
                orderId: order.id, sagaId: order.saga, customerId: "ana",
                lines: [OrderLine(sku: "JAR", quantity: 1, unitPrice: Money(amount: 1, currency: "EUR"))],
                total: Money(amount: 1, currency: "EUR")), traceparent: trace)
        try await setting.apply(event)
        let stored = try await setting.pool.query(
            "select traceparent from outbox where aggregate_id = $1", order.id.lowercased)
        #expect(try stored.first?.get(0, as: String?.self) == trace)
    }

    @Test("a product's own TTL holds")
    func ownTTL() async throws {
        let setting = try await Setting()
        try await setting.product("FAIR", stock: 5, ttl: .seconds(120))
        try await setting.apply(try TestOrder(["FAIR": 1]).created())
        let seconds = try await setting.count(
            "select round(extract(epoch from expires_at - created_at))::int from reservation")
        #expect(seconds == 120)
    }

    @Test("an event of an unknown type is parked")
    func unknownType() async throws {
        let setting = try await Setting()
        let order = TestOrder(["JAR": 1])
        let outcome = try await setting.apply(try order.event("order.created.v2", ["orderId": "x"]))
        #expect(outcome == [.parked("no handler for the type order.created.v2")])
    }
}
