import Foundation
import LocalServers
import Outbox
import Postgres
import Schema
import TestSupport
import Testing

/// The roles of db/roles.sql may do their work and nothing else. On a server of its own, because roles belong to the
/// whole server.
@Suite struct RolesTests {
    private struct Setting {
        let server: LocalPostgres

        /// The orders' database, migrated by its owner, with the roles of the script (run twice, as after an update).
        init() async throws {
            server = try await LocalPostgres.start()
            try await server.execute("create role orders login")
            try await server.execute("create database orders owner orders")
            let owner = try await connect("orders")
            try await Migrator(SchemaCatalog.orders).up(owner)
            await owner.close()
            for _ in 1...2 {
                try await server.execute(
                    file: RepositoryFile.url("db/roles.sql"), database: "orders", variables: ["service": "orders"])
            }
        }

        func configuration(_ role: String) -> PostgresConfiguration {
            .patient(server.connectionString(database: "orders", user: role), applicationName: role)
        }

        func connect(_ role: String) async throws -> PostgresConnection {
            try await PostgresConnection.connect(configuration(role))
        }

        func append(_ count: Int, on connection: PostgresConnection) async throws {
            let writer = OutboxWriter(stream: "orders", hint: Wakeup())
            for number in 0..<count {
                let event = try OutboxEvent(
                    type: "order.created.v1", aggregateType: "order", aggregateID: "a", source: "/test",
                    data: ["number": number])
                try await connection.withTransaction { writer.append([event], in: $0) }
            }
        }
    }

    private static let insufficientPrivilege = "42501"
    private static let readOnlyTransaction = "25006"

    private func refusal(_ statement: Statement, _ connection: PostgresConnection) async -> String? {
        let error = await #expect(throws: PostgresError.self) { try await connection.query(statement.bind()) }
        return error?.sqlState
    }

    @Test(arguments: ["update outbox set subject = 'x'", "delete from outbox", "truncate outbox"])
    func serviceAppendsToTheLedgerAndCannotChangeIt(forbidden: String) async throws {
        let setting = try await Setting()
        let service = try await setting.connect("orders")
        try await setting.append(2, on: service)
        #expect(await refusal(Statement(forbidden), service) == Self.insufficientPrivilege)
        // Upkeep still adds and drops whole partitions.
        try await service.query("select outbox_create_partitions(6), inbox_create_partitions(9)")
        try await service.query("select outbox_drop_partition('1 day'), inbox_drop_partition('1 day')")
        await service.close()
        await setting.server.stop()
    }

    @Test func relayCopiesTheLedgerWithItsOwnRole() async throws {
        let setting = try await Setting()
        let service = try await setting.connect("orders")
        try await setting.append(3, on: service)
        // The second is one that no stream takes: the relay puts it aside.
        let broker = InMemoryBroker { _, batch in
            batch.firstIndex { $0.position == 2 }.map { .unacceptable(index: $0) } ?? .none
        }
        let relay = Relay(
            configuration: RelayConfiguration(stream: "orders", database: setting.configuration("orders_relay")),
            broker: broker, logger: .test)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await relay.run() }
            defer { group.cancelAll() }
            try await eventually("the other two are in the stream and the cursor is saved") {
                let cursor = try await service.query("select position from outbox_cursor").first
                return try broker.messages(in: "orders").map(\.message.position) == [1, 3]
                    && cursor?.get(0, as: Int64.self) == 3
            }
        }
        let dead = try await service.query("select stream_sequence from dead_letter where consumer = 'relay'")
        #expect(try dead.map { try $0.get(0, as: Int64.self) } == [2])

        let connection = try await setting.connect("orders_relay")
        #expect(await refusal("update outbox set subject = 'x'", connection) == Self.insufficientPrivilege)
        #expect(await refusal("select * from orders", connection) == Self.insufficientPrivilege)
        await connection.close()
        await service.close()
        await setting.server.stop()
    }

    @Test func operatorsReadAndChangeNothing() async throws {
        let setting = try await Setting()
        let people = try await setting.connect("orders_ops")
        for view in ["outbox_pending", "outbox_stall", "saga_stuck", "dead_letter_pending", "job_late", "orders"] {
            try await people.query(Statement("select * from \(view)").bind())
        }
        #expect(await refusal("delete from orders", people) == Self.readOnlyTransaction)
        try await people.query("set default_transaction_read_only = off")
        #expect(await refusal("delete from orders", people) == Self.insufficientPrivilege)
        await people.close()
        await setting.server.stop()
    }
}
