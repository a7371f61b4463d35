import Foundation
import Postgres
import TestSupport

@testable import Outbox

/// A database session in the test's hand: it says when a transaction begins, writes and ends.
struct Session {
    let connection: PostgresConnection

    /// SQL of the session's own.
    func run(_ sql: String) async throws { try await connection.runScript(sql) }

    func begin() async throws { try await run("begin") }
    func commit() async throws { try await run("commit") }
    func rollback() async throws { try await run("rollback") }

    /// Appends an event, in the open transaction or in one of its own.
    /// - Returns: its position.
    @discardableResult
    func append(_ aggregate: String, _ number: Int = 1) async throws -> Int64 {
        let event = try OutboxEvent(
            type: "order.created.v1", aggregateType: "order", aggregateID: aggregate, source: "/test",
            data: ["number": number])
        try await connection.query(OutboxWriter(stream: RelayHarness.stream, hint: Wakeup()).statement([event]))
        return try await number64("select currval('outbox_position_seq')")
    }

    /// The first column of the first row.
    func number64(_ statement: Statement) async throws -> Int64 {
        try await connection.query(statement).first?.get(0) ?? 0
    }

    var processID: Int32 {
        get async throws { Int32(try await number64("select pg_backend_pid()::bigint")) }
    }
}

extension RelayHarness {
    func session() async throws -> Session {
        Session(
            connection: try await PostgresConnection.connect(database.configuration(applicationName: "writer")))
    }

    /// Two sessions, A and B, for the body.
    func withSessions(_ body: (Session, Session) async throws -> Void) async throws {
        let (a, b) = (try await session(), try await session())
        do {
            try await body(a, b)
        } catch {
            await a.connection.close()
            await b.connection.close()
            throw error
        }
        await a.connection.close()
        await b.connection.close()
    }

    /// A relay beside the body. All the time a transaction is open that has an id, a snapshot and has written
    /// elsewhere: nothing may wait for it.
    func withRelayAndBystander(_ steps: StepLog = StepLog(), _ body: () async throws -> Void) async throws {
        try await pool.query("create table bystander (id int)")
        let bystander = try await session()
        try await bystander.run("begin isolation level repeatable read; insert into bystander values (1)")
        do {
            try await withRelay(observedBy: { try await steps.passed($0) }, body)
        } catch {
            await bystander.connection.close()
            throw error
        }
        // Still open: had the relay waited for it, the body would not have come to its end.
        try await bystander.commit()
        await bystander.connection.close()
    }

    /// Whether the session with this process waits for another one's lock.
    func isBlocked(_ processID: Int32) async throws -> Bool {
        try await pool.query("select cardinality(pg_blocking_pids($1::int)) > 0", processID).first?.get(0) ?? false
    }

    /// Leaves a hole that nobody can fill.
    func leaveDeadHole() async throws {
        try await pool.query("select nextval('outbox_position_seq')")
    }
}
