import Postgres
import HTTPTypes
import Foundation
import Outbox
import ServiceRuntime
import TestSupport
import Testing

@testable import Orders

@Suite("The idempotency key of an order")
struct IdempotencyTests {
    @Test("repeated, it gives the same answer byte for byte and places nothing")
    func replays() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        let first = try await setting.place(key: "one")
        let order = try await setting.known(first.orderID)
        // Whatever happened to the order and its price since.
        try await setting.apply(try order.reserved(), try order.succeeded())
        try await setting.product("bowl", price: 9_999, version: 2)
        let again = try await setting.place(key: "one")
        #expect(!first.isReplayed && again.isReplayed)
        #expect(again.orderID == first.orderID && again.answer == first.answer)
        #expect(try await setting.count("select count(*) from orders") == 1)
    }

    @Test("is known by what is ordered, not by how it is written")
    func normalises() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        try await setting.product("jug")
        let first = try await setting.place([("bowl", 3), ("jug", 1)], key: "one")
        let again = try await setting.place([("jug", 1), ("bowl", 1), ("bowl", 2)], key: "one")
        #expect(again.orderID == first.orderID && again.isReplayed)
    }

    @Test(
        "with another order it is refused",
        arguments: [[("bowl", 3)], [("jug", 2)], [("bowl", 2), ("jug", 1)]] as [[(String, Int)]])
    func refusesAnotherBody(lines: [(String, Int)]) async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        try await setting.product("jug")
        _ = try await setting.place([("bowl", 2)], key: "one")
        await #expect(throws: IdempotencyError.reused) { try await setting.place(lines, key: "one") }
        await #expect(throws: IdempotencyError.reused) {
            try await setting.place([("bowl", 2)], key: "one", paymentMethod: "pm_card_visa")
        }
    }

    @Test("counts for one customer only")
    func isTheCustomersOwn() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        let one = try await setting.place(customer: "ana", key: "one")
        let other = try await setting.place(customer: "berta", key: "one")
        #expect(one.orderID != other.orderID && !other.isReplayed)
    }

    @Test("a refused order does not use it up")
    func refusalsAreNotKept() async throws {
        let setting = try await Setting()
        await #expect(throws: Problem.self) { try await setting.place(key: "one") }
        try await setting.product("bowl")
        #expect(try await !setting.place(key: "one").isReplayed)
    }

    @Test("32 at the same moment are one order, and all get the same answer")
    func concurrent() async throws {
        let setting = try await Setting(connections: 32)
        try await setting.product("bowl")
        // All connections open, so that they really run side by side.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 { group.addTask { try await setting.pool.query("select pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        let placed = try await withThrowingTaskGroup(of: PlaceOrder.Placed.self) { group in
            for _ in 0..<32 { group.addTask { try await setting.place(key: "one") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(placed.count == 32)
        #expect(Set(placed.map(\.orderID)).count == 1)
        #expect(Set(placed.map(\.answer)).count == 1)
        #expect(placed.count { !$0.isReplayed } == 1)
        #expect(try await setting.count("select count(*) from orders") == 1)
        #expect(try await setting.count("select count(*) from saga") == 1)
        #expect(try await setting.count("select count(*) from outbox") == 1)
        #expect(try await setting.count("select count(*) from scheduled_job where kind = 'saga.deadline'") == 1)
    }

    @Test("waits for a first request that is still running, and takes its place when that one fails")
    func waitsForTheFirst() async throws {
        let setting = try await Setting()
        try await setting.product("bowl")
        struct Fails: Error {}
        let second = try await withThrowingTaskGroup(of: PlaceOrder.Placed.self) { group in
            try? await setting.pool.withTransaction { transaction in
                try await transaction.query(
                    """
                    insert into idempotency_key (scope, key, request_hash, status, response)
                    values ('orders:ana', 'one', '\\x00', 202, '{}')
                    """)
                group.addTask { try await setting.place(key: "one") }
                try await eventually("the second request waits for the first") {
                    try await setting.count(
                        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
                    ) == 1
                }
                throw Fails()
            }
            return try await group.next()
        }
        #expect(second?.isReplayed == false)
    }
}
