import Foundation
import Outbox
import Postgres
import Schema
import TestSupport
import Testing

@testable import Payments

@Suite("The payments schema")
struct SchemaTests {
    private func withConnection(_ body: (PostgresConnection) async throws -> Void) async throws {
        let database = try await TestDatabase.make(SchemaCatalog.payments)
        let connection = try await PostgresConnection.connect(PostgresConfiguration(database.url))
        do {
            try await body(connection)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    @Test("every statement fits the schema")
    func prepares() async throws {
        try await withConnection { connection in
            for (number, statement) in PaymentsService.statements.enumerated() {
                do {
                    try await connection.runScript("prepare statement_\(number) as \(statement.sql)")
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
    }

    @Test("what was migrated can be taken back, and put there again")
    func goesBack() async throws {
        try await withConnection { connection in
            let line = SchemaCatalog.payments.filter { $0.line == "payments" }
            for migration in line.reversed() { try await connection.runScript(migration.down) }
            let left = try await connection.query(
                Statement("select count(*) from pg_class where relname = 'payment'").bind())
            #expect(try left.first?.get(0, as: Int64.self) == 0)
            for migration in line { try await connection.runScript(migration.up) }
        }
    }

    @Test(
        "the database itself refuses what must not be",
        arguments: [
            // More given back than was received.
            "update payment set refunded_minor = 2501",
            "update payment set refunded_minor = -1",
            // A second payment for the order; a second payment of the PaymentIntent.
            """
            insert into payment (id, order_id, saga_id, amount_minor, currency, status)
            select gen_random_uuid(), order_id, saga_id, 1, 'EUR', 'awaiting_stock' from payment
            """,
            """
            insert into payment (id, order_id, saga_id, amount_minor, currency, status, payment_intent_id)
            select gen_random_uuid(), gen_random_uuid(), saga_id, 1, 'EUR', 'pending', payment_intent_id from payment
            """,
            // Charged without a PaymentIntent; without a price.
            "update payment set payment_intent_id = null",
            "update payment set amount_minor = null, currency = null",
            "update payment set status = 'odd'",
            // Two attempts at a time.
            """
            insert into stripe_call (id, payment_id, kind, request_body)
            select gen_random_uuid(), id, 'cancel', '' from payment, generate_series(1, 2)
            """,
            // Two automatic refunds.
            """
            insert into refund (id, payment_id, amount_minor, currency, reason, origin, status)
            select gen_random_uuid(), id, 1, 'EUR', 'x', 'order', 'requested' from payment, generate_series(1, 2)
            """,
            """
            insert into refund (id, payment_id, amount_minor, currency, reason, origin, status)
            select gen_random_uuid(), id, 0, 'EUR', 'x', 'order', 'requested' from payment
            """,
            // A refund that Stripe has, without its id there.
            """
            insert into refund (id, payment_id, amount_minor, currency, reason, origin, status)
            select gen_random_uuid(), id, 1, 'EUR', 'x', 'order', 'succeeded' from payment
            """,
        ])
    func refuses(sql: String) async throws {
        try await withConnection { connection in
            try await connection.runScript(
                """
                insert into payment (id, order_id, saga_id, amount_minor, currency, status, payment_intent_id, amount_received_minor)
                values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 2500, 'EUR', 'succeeded', 'pi_1', 2500)
                """)
            let error = try await #require(throws: PostgresError.self) { try await connection.runScript(sql) }
            #expect(error.sqlState?.hasPrefix("23") == true, "\(error)")
        }
    }
}
