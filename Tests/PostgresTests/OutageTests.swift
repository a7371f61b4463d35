import LocalServers
import Logging
@testable import Postgres
import TestSupport
import Testing

/// What happens when the server goes away. These stop servers, so each has its own.
@Suite struct OutageTests {
    private static let quiet = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }

    private func withServer(_ body: (LocalPostgres, PostgresPool) async throws -> Void) async throws {
        let server = try await LocalPostgres.start(settings: ["fsync": "off"])
        let pool = PostgresPool(
            .patient(server.connectionString(database: "postgres")), size: 4, acquireTimeout: .seconds(120),
            logger: Self.quiet)
        do {
            try await body(server, pool)
        } catch {
            await pool.close()
            await server.stop()
            throw error
        }
        await pool.close()
        await server.stop()
    }

    @Test func afterARestartTheNextUseWorks() async throws {
        try await withServer { server, pool in
            try await pool.withConnection { one in
                try await pool.withConnection { two in _ = try await (one.query("select 1"), two.query("select 1")) }
            }
            #expect(pool.statistics.idle == 2)
            try await server.restart()
            let value = try await pool.value("select 1", as: Int.self)
            #expect(value == 1)
        }
    }

    @Test func afterACrashTheNextUseWorks() async throws {
        try await withServer { server, pool in
            try await pool.query("create table t as select 1 as n")
            await server.kill()
            let error = await #expect(throws: PostgresError.self) { try await pool.query("select n from t") }
            #expect(error?.code == .connection)
            try await server.restart()
            let value = try await pool.value("select n from t", as: Int.self)
            #expect(value == 1)
        }
    }

    @Test func aQueryThatRunsWhileTheServerRestartsFailsAndTheNextWorks() async throws {
        try await withServer { server, pool in
            let running = Task { _ = try await pool.query("select pg_sleep(60)") }
            try await eventually("the query runs") {
                try await pool.value(
                    "select count(*) from pg_stat_activity where wait_event = 'PgSleep'", as: Int.self) == 1
            }
            try await server.restart()
            let error = await #expect(throws: PostgresError.self) { try await running.value }
            #expect(error?.code == .connection)
            #expect(error?.sqlState == PostgresSQLState.adminShutdown)
            #expect(error?.isTransient == true)
            try await pool.query("select 1")
        }
    }

    @Test func aTransactionThatTheServerLosesFailsAndIsNotCommitted() async throws {
        try await withServer { server, pool in
            try await pool.query("create table t (n int)")
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction { tx in
                    try await tx.query("insert into t values (1)")
                    try await server.restart()
                    try await tx.query("insert into t values (2)")
                }
            }
            #expect(error?.code == .connection)
            let count = try await pool.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func aCrashDuringCommitLeavesTheOutcomeUnknown() async throws {
        try await withServer { server, pool in
            try await pool.withConnection { connection in
                try await connection.runScript(
                    """
                    create table slow (n int);
                    create function slow_commit() returns trigger language plpgsql as $$
                        begin perform pg_sleep(60); return null; end $$;
                    create constraint trigger slow_commit after insert on slow deferrable initially deferred
                        for each row execute function slow_commit()
                    """)
            }
            let committing = Task {
                try await pool.withTransaction { tx in tx.enqueue(Statement("insert into slow values (1)").bind()) }
            }
            try await eventually("COMMIT runs") {
                try await pool.value(
                    "select count(*) from pg_stat_activity where query = 'COMMIT' and wait_event = 'PgSleep'",
                    as: Int.self) == 1
            }
            await server.kill()
            let error = await #expect(throws: PostgresError.self) { try await committing.value }
            #expect(error?.code == .commitOutcomeUnknown)
            try await server.restart()
        }
    }

    @Test func aSessionThatIsEndedInAQueryFailsWithTheServersReason() async throws {
        try await withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.query("select pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
            }
            #expect(error?.sqlState == PostgresSQLState.adminShutdown)
            #expect(error?.code == .connection)
            try await pool.query("select 1")
        }
    }
}
