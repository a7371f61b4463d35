import Outbox
import Postgres
import Schema
import TestSupport
import Testing

@Suite("Migrations")
struct MigratorTests {
    private func migration(_ version: Int, up: String, down: String) -> Migration {
        Migration(line: "test", version: version, name: "step\(version)", up: Array(up.utf8), down: Array(down.utf8))
    }

    private var steps: [Migration] {
        [
            migration(1, up: "create table a (id int); create table b (id int);", down: "drop table a, b;"),
            migration(2, up: "create table c (id int);", down: "drop table c;"),
        ]
    }

    private func connection() async throws -> PostgresConnection {
        try await PostgresConnection.connect(try await TestDatabase.make().configuration())
    }

    @Test("up applies what is missing, and a second time nothing")
    func upIsIdempotent() async throws {
        let connection = try await connection()
        #expect(try await Migrator(steps).up(connection).map(\.version) == [1, 2])
        #expect(try await Migrator(steps).up(connection).isEmpty)
        #expect(try await Migrator(steps).status(connection).allSatisfy { $0.appliedAt != nil })
        await connection.close()
    }

    @Test("down takes the newest back")
    func downTakesBack() async throws {
        let connection = try await connection()
        try await Migrator(steps).up(connection)
        #expect(try await Migrator(steps).down(connection).map(\.version) == [2])
        let tables = try await connection.query("select to_regclass('a') is not null, to_regclass('c') is not null")
        #expect(try tables.first?.decode(Bool.self, Bool.self) ?? (false, true) == (true, false))
        await connection.close()
    }

    @Test("taking the dead letters' key back drops only what is resolved of two messages at one place")
    func deadLettersDown() async throws {
        let connection = try await connection()
        let migrator = Migrator(SchemaCatalog.outbox)
        try await migrator.up(connection)
        func put(_ payload: String, _ state: String) async throws {
            try await connection.query(
                """
                insert into dead_letter
                    (consumer, state, event_type, aggregate_id, stream, stream_sequence, payload, error, attempts)
                values ('c', $2::text, 't', 'a', 's', 1, convert_to($1::text, 'UTF8'), 'e', 1)
                """, payload, state)
        }
        try await put("old", "resolved")
        try await put("new", "dead")
        #expect(try await migrator.down(connection).map(\.version) == [4])
        let kept = try await connection.query("select convert_from(payload, 'UTF8') from dead_letter")
        #expect(try kept.map { try $0.get(0, as: String.self) } == ["new"])
        try await migrator.up(connection)
        try await put("another", "parked")
        await #expect(throws: PostgresError.self) { try await migrator.down(connection) }
        await connection.close()
    }

    @Test("a migration that fails leaves nothing behind, and those before it stay")
    func failureIsAtomic() async throws {
        let connection = try await connection()
        let broken = steps + [migration(3, up: "create table d (id int); select 1/0;", down: "")]
        await #expect(throws: PostgresError.self) { try await Migrator(broken).up(connection) }
        #expect(try await Migrator(steps).status(connection).filter { $0.appliedAt != nil }.count == 2)
        let row = try await connection.query("select to_regclass('d') is null").first
        #expect(try row?.get(0, as: Bool.self) == true)
        await connection.close()
    }

    @Test("a migration that was changed after it had been applied is refused")
    func refusesChanged() async throws {
        let connection = try await connection()
        try await Migrator(steps).up(connection)
        let changed = [migration(1, up: "create table other (id int);", down: ""), steps[1]]
        await #expect(throws: MigrationError.changed(line: "test", version: 1, name: "step1")) {
            try await Migrator(changed).up(connection)
        }
        await connection.close()
    }

    @Test("a database that is ahead of the binary is refused")
    func refusesUnknown() async throws {
        let connection = try await connection()
        try await Migrator(steps).up(connection)
        await #expect(throws: MigrationError.unknown(line: "test", version: 2, name: "step2")) {
            try await Migrator([steps[0]]).up(connection)
        }
        await connection.close()
    }

    @Test("eight migrators at once apply each migration once")
    func isExclusive() async throws {
        let database = try await TestDatabase.make()
        let steps = steps
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let connection = try await PostgresConnection.connect(database.configuration())
                    let count = try await Migrator(steps).up(connection).count
                    await connection.close()
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(applied == 2)
    }

    @Test("the core's schema goes up, down and up again")
    func coreIsReversible() async throws {
        let connection = try await connection()
        let migrator = Migrator(SchemaCatalog.outbox)
        try await migrator.up(connection)
        try await migrator.down(connection, steps: SchemaCatalog.outbox.count)
        let left = try await connection.query(
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relname not like 'schema_migration%'"
        )
        #expect(try left.first?.get(0, as: Int64.self) == 0)
        try await migrator.up(connection)
        await connection.close()
    }
}
