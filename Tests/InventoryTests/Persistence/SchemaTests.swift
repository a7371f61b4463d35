import Outbox
import Postgres
import Schema
import TestSupport
import Testing

@testable import Inventory

@Suite("Inventory's schema")
struct SchemaTests {
    @Test(
        "the database refuses what would sell a piece twice",
        arguments: [
            "update stock set reserved = on_hand + 1" as Statement, "update stock set reserved = -1",
            "update stock set on_hand = -1",
        ])
    func checkHolds(statement: Statement) async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 3)
        let error = await #expect(throws: PostgresError.self) { try await setting.pool.query(statement.bind()) }
        #expect(error?.isCheckViolation == true)
        #expect(error?.constraint == "stock_is_exact")
        #expect(try await setting.stock("JAR") == [3, 0])
    }

    @Test(
        "the ledger can only grow",
        arguments: [
            "update stock_ledger set delta_on_hand = 100" as Statement, "delete from stock_ledger",
            "truncate stock_ledger",
        ])
    func ledgerIsAppendOnly(statement: Statement) async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 3)
        let error = await #expect(throws: PostgresError.self) { try await setting.pool.query(statement.bind()) }
        #expect(error?.message == "stock_ledger is append-only")
    }

    @Test("an order has one active reservation at most")
    func oneActive() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 3)
        let order = TestOrder(["JAR": 1])
        try await setting.apply(try order.created())
        let error = await #expect(throws: PostgresError.self) {
            try await setting.pool.query(
                """
                insert into reservation (id, order_id, saga_id, attempt, status, ttl, expires_at, hold_until)
                select gen_random_uuid(), order_id, saga_id, 2, 'active', ttl, expires_at, hold_until from reservation
                """)
        }
        #expect(error?.constraint == "reservation_one_active")
    }

    @Test("the migrations go down and up again")
    func goesDown() async throws {
        let database = try await TestDatabase.make(SchemaCatalog.inventory)
        let connection = try await PostgresConnection.connect(PostgresConfiguration(database.url))
        let line = SchemaCatalog.inventory.filter { $0.line == "inventory" }
        for migration in line.reversed() { try await connection.runScript(migration.down) }
        let left = try await connection.query(
            "select count(*) from pg_class where relname in ('product', 'stock', 'reservation', 'stock_drift')")
        #expect(try left.first?.get(0, as: Int.self) == 0)
        for migration in line { try await connection.runScript(migration.up) }
        #expect(try await connection.query("select * from stock_drift").isEmpty)
        await connection.close()
    }

    @Test("the drift view shows each counter that is wrong")
    func driftShows() async throws {
        let setting = try await Setting()
        for sku in ["A", "B", "C"] { try await setting.product(sku, stock: 5) }
        try await setting.apply(try TestOrder(["A": 1, "B": 1]).created())
        #expect(try await setting.drift() == 0)
        try await setting.pool.query("update stock set reserved = 2 where sku = 'A'")
        try await setting.pool.query("update stock set on_hand = 6 where sku = 'C'")
        let rows = try await setting.pool.query("select sku from stock_drift order by sku")
        #expect(try rows.map { try $0.get(0, as: String.self) } == ["A", "C"])
    }
}
