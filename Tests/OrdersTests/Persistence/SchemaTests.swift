import Foundation
import Outbox
import Postgres
import Schema
import TestSupport
import Testing

@testable import Orders

@Suite("Orders' schema")
struct SchemaTests {
    @Test(
        "the database refuses what no saga may be",
        arguments: [
            "update saga set deadline = null" as Statement,
            "update saga set settled_at = now()",
            "update saga set settled_at = now(), deadline = null",
            "update saga set state = 'LOST'",
            "update orders set status = 'SHIPPED'",
            "update orders set status = 'CANCELLED'",
            "update orders set reason = 'because'",
            "update orders set total_minor = 0",
            "update order_line set quantity = 1000",
            "update catalogue_product set price_minor = -1",
        ])
    func checks(statement: Statement) async throws {
        let setting = try await Setting()
        _ = try await setting.order()
        let error = await #expect(throws: PostgresError.self) { try await setting.pool.query(statement.bind()) }
        #expect(error?.isCheckViolation == true, "\(statement.sql)")
    }

    @Test("an order has one saga, and one line a product")
    func unique() async throws {
        let setting = try await Setting()
        _ = try await setting.order()
        for statement: Statement in [
            """
            insert into saga (id, order_id, definition_version, state, data, seq, deadline, total_deadline)
            select gen_random_uuid(), order_id, 1, state, data, 1, deadline, total_deadline from saga
            """,
            """
            insert into order_line (order_id, line_no, sku, artisan_id, title, quantity, unit_price_minor)
            select order_id, 2, sku, artisan_id, title, 1, 1 from order_line
            """,
        ] {
            let error = await #expect(throws: PostgresError.self) { try await setting.pool.query(statement.bind()) }
            #expect(error?.isUniqueViolation == true)
        }
    }

    @Test("the migrations go down and up again")
    func goesDown() async throws {
        let database = try await TestDatabase.make(SchemaCatalog.orders)
        let connection = try await PostgresConnection.connect(PostgresConfiguration(database.url))
        let line = SchemaCatalog.orders.filter { $0.line == "orders" }
        for migration in line.reversed() { try await connection.runScript(migration.down) }
        let left = try await connection.query(
            """
            select count(*) from pg_class
            where relname in ('orders', 'order_line', 'saga', 'saga_history', 'catalogue_product', 'saga_stuck')
            """)
        #expect(try left.first?.get(0, as: Int.self) == 0)
        for migration in line { try await connection.runScript(migration.up) }
        #expect(try await connection.query("select * from saga_stuck").isEmpty)
        await connection.close()
    }

    @Test("the operators' views show what they are for")
    func views() async throws {
        let setting = try await Setting()
        let late = try await setting.order()
        let fine = try await setting.order()
        let undoing = try await setting.order()
        try await setting.apply(try undoing.outOfStock())
        func orders(_ view: Statement) async throws -> [UUID] {
            try await setting.pool.query(view.bind()).map { try $0.get("order_id") }
        }
        #expect(try await orders("select * from saga_stuck") == [])
        #expect(try await orders("select * from saga_overdue") == [])
        #expect(try await orders("select * from saga_compensating") == [undoing.id])
        try await setting.pool.query(
            "update saga set deadline = now() - interval '10 seconds' where order_id = $1", late.id)
        #expect(try await orders("select * from saga_overdue") == [late.id])
        #expect(try await orders("select * from saga_stuck") == [])
        try await setting.pool.query(
            "update saga set deadline = now() - interval '2 minutes' where order_id = $1", late.id)
        #expect(try await orders("select * from saga_stuck") == [late.id])
        try await setting.pool.query("delete from scheduled_job where unique_key = $1", fine.saga.lowercased)
        #expect(Set(try await orders("select * from saga_stuck")) == [late.id, fine.id])
    }
}
