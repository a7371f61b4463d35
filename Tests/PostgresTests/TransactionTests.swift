import Foundation
@testable import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct TransactionTests {
    static let table = "create table t (n int primary key, v int not null default 0)"
    static let insert: Statement = "insert into t (n) values ($1)"
    static let count: Statement = "select count(*) from t"

    @Test func aTransactionOfEnqueuedStatementsTakesOneRoundTrip() async throws {
        try await withDatabase { connection in
            try await connection.runScript(Self.table)
            let before = connection.roundTrips
            try await connection.withTransaction { tx in
                for number in 0..<5 { tx.enqueue(Self.insert.bind(number)) }
            }
            #expect(connection.roundTrips == before + 1)
            let count = try await connection.value(Self.count, as: Int.self)
            #expect(count == 5)
        }
    }

    @Test func aQueryTakesBeginAndWhatIsEnqueuedAlong() async throws {
        try await withDatabase { connection in
            try await connection.runScript(Self.table)
            let before = connection.roundTrips
            try await connection.withTransaction { tx in
                tx.enqueue(Self.insert.bind(1))
                let count = try await tx.value(Self.count, as: Int.self)
                #expect(count == 1)
                #expect(connection.roundTrips == before + 1)
                tx.enqueueAtCommit(Statement("update t set v = (select count(*) from t)").bind())
                tx.enqueue(Self.insert.bind(2))
            }
            #expect(connection.roundTrips == before + 2)
            // What was enqueued for COMMIT ran last, although it was enqueued first.
            let value = try await connection.value("select min(v) from t", as: Int.self)
            #expect(value == 2)
        }
    }

    @Test func aTransactionWithoutStatementsSendsNothing() async throws {
        try await withDatabase { connection in
            let before = connection.roundTrips
            let result = try await connection.withTransaction { _ in 42 }
            #expect(result == 42)
            await #expect(throws: BodyError.self) {
                try await connection.withTransaction { _ in throw BodyError() }
            }
            #expect(connection.roundTrips == before)
        }
    }

    @Test func aThrowingBodyRollsBackAndItsErrorComesThroughUnchanged() async throws {
        try await withDatabase { connection in
            try await connection.runScript(Self.table)
            let bodyError = BodyError()
            let ran = Mutex(false)
            let error = await #expect(throws: BodyError.self) {
                try await connection.withTransaction { tx in
                    try await tx.query(Self.insert.bind(1))
                    tx.enqueue(Self.insert.bind(2))
                    tx.afterCommit { ran.withLock { $0 = true } }
                    throw bodyError
                }
            }
            #expect(error == bodyError)
            #expect(!ran.withLock { $0 })
            let count = try await connection.value(Self.count, as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func actionsAfterCommitRunWhenTheChangeIsVisible() async throws {
        try await withPool { pool in
            try await pool.withConnection { try await $0.runScript(Self.table) }
            let order = Mutex<[Int]>([])
            try await pool.withTransaction { tx in
                tx.enqueue(Self.insert.bind(1))
                tx.afterCommit { order.withLock { $0.append(1) } }
                tx.afterCommit { order.withLock { $0.append(2) } }
            }
            #expect(order.withLock { $0 } == [1, 2])
        }
    }

    @Test func anErrorAtCommitKeepsNothing() async throws {
        try await withDatabase { connection in
            try await connection.runScript(
                "create table d (n int constraint d_n_key unique deferrable initially deferred)")
            let ran = Mutex(false)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { tx in
                    try await tx.query("insert into d values (1), (1)")
                    tx.afterCommit { ran.withLock { $0 = true } }
                }
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.constraint == "d_n_key")
            #expect(!ran.withLock { $0 })
            let count = try await connection.value("select count(*) from d", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func anEnqueuedStatementThatFailsIsNamed() async throws {
        try await withDatabase { connection in
            try await connection.runScript(Self.table)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { tx in
                    tx.enqueue(Self.insert.bind(1))
                    tx.enqueue(Self.insert.bind(1))
                    try await tx.query("select 1")
                }
            }
            #expect(error?.statement == Self.insert.sql)
            #expect(error?.isUniqueViolation == true)
            #expect(error?.pipelineIndex == nil)
        }
    }

    @Test func anErrorThatTheBodyIgnoresIsFoundAtCommit() async throws {
        try await withDatabase { connection in
            try await connection.runScript(Self.table)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { tx in
                    try await tx.query(Self.insert.bind(1))
                    _ = try? await tx.query("select 1/0")
                }
            }
            #expect(error?.code == .transactionAborted)
            #expect(error?.message.contains("division by zero") == true)
            #expect(error?.statement == "select 1/0")
            let count = try await connection.value(Self.count, as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func aValueThatCannotBeEncodedFailsAtTheNextStatement() async throws {
        try await withDatabase { connection in
            try await connection.runScript(Self.table)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { tx in
                    try await tx.query(Self.insert.bind(1))
                    tx.enqueue(Statement("select $1::text").bind("\0"))
                }
            }
            #expect(error?.code == .encoding)
            let count = try await connection.value(Self.count, as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func readOnlyAndIsolationReachTheServer() async throws {
        try await withDatabase { connection in
            for (isolation, name) in [
                (PostgresIsolation.readCommitted, "read committed"), (.repeatableRead, "repeatable read"),
                (.serializable, "serializable"),
            ] {
                for readOnly in [false, true] {
                    try await connection.withTransaction(isolation: isolation, readOnly: readOnly) { tx in
                        let level = try await tx.value(
                            "select current_setting('transaction_isolation')", as: String.self)
                        #expect(level == name)
                        let only = try await tx.value(
                            "select current_setting('transaction_read_only')", as: String.self)
                        #expect(only == (readOnly ? "on" : "off"))
                    }
                }
            }
        }
    }

    @Test func aTransactionCannotBeUsedAfterItsEnd() async throws {
        try await withDatabase { connection in
            let leaked = try await connection.withTransaction { $0 }
            let error = await #expect(throws: PostgresError.self) { try await leaked.query("select 1") }
            #expect(error?.code == .transactionState)
        }
    }

    @Test func aTransactionInsideAnotherIsRefused() async throws {
        try await withDatabase { connection in
            try await connection.withTransaction { tx in
                let error = await #expect(throws: PostgresError.self) {
                    try await connection.withTransaction { _ in }
                }
                #expect(error?.code == .transactionState)
                try await tx.query("select 1")
            }
            try await connection.withTransaction { tx in _ = try await tx.query("select 1") }
        }
    }

    @Test func aSerializationFailureIsTold() async throws {
        try await withPool { pool in
            try await pool.withConnection { try await $0.runScript(Self.table + "; insert into t values (1)") }
            let update: Statement = "update t set v = v + 1 where n = 1"
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction(isolation: .repeatableRead) { tx in
                    try await tx.query("select v from t")
                    try await pool.query(update.bind())
                    try await tx.query(update.bind())
                }
            }
            #expect(error?.isSerializationFailure == true)
            #expect(error?.isTransient == true)
            let value = try await pool.value("select v from t", as: Int.self)
            #expect(value == 1)
        }
    }

    @Test func aDeadlockEndsOneOfTheTransactions() async throws {
        try await withPool { pool in
            try await pool.withConnection { try await $0.runScript(Self.table + "; insert into t values (1), (2)") }
            let update: Statement = "update t set v = v + 1 where n = $1"
            let (started, signal) = AsyncStream<Int>.makeStream()
            let go = Gate()
            let outcomes = await withTaskGroup(of: PostgresError?.self) { group in
                for (first, second) in [(1, 2), (2, 1)] {
                    group.addTask {
                        do {
                            try await pool.withTransaction { tx in
                                try await tx.query(update.bind(first))
                                signal.yield(first)
                                await go.wait()
                                try await tx.query(update.bind(second))
                            }
                            return nil
                        } catch {
                            return error as? PostgresError
                        }
                    }
                }
                var iterator = started.makeAsyncIterator()
                _ = await iterator.next()
                _ = await iterator.next()
                await go.open()
                return await group.reduce(into: []) { $0.append($1) }
            }
            let failures = outcomes.compactMap { $0 }
            #expect(failures.count == 1)
            #expect(failures.first?.isDeadlock == true)
            #expect(failures.first?.isTransient == true)
        }
    }

    @Test func aConnectionThatBreaksAtCommitLeavesTheOutcomeUnknown() async throws {
        try await withPool { pool in
            try await pool.withConnection { try await $0.runScript(Self.slowCommit) }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withConnection { connection in
                    async let killed: Void = Self.terminate(connection.backendPID, through: pool)
                    do {
                        try await connection.withTransaction { tx in
                            _ = try await tx.query("insert into slow values (1)")
                        }
                    } catch {
                        try await killed
                        throw error
                    }
                    try await killed
                }
            }
            #expect(error?.code == .commitOutcomeUnknown)
            #expect(error?.isTransient == false)
            let count = try await pool.value("select count(*) from slow", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func cancellingDuringCommitRollsBackAndKeepsTheConnection() async throws {
        try await withPool(size: 2) { pool in
            try await pool.withConnection { try await $0.runScript(Self.slowCommit) }
            try await pool.withConnection { connection in
                let task = Task {
                    try await connection.withTransaction { tx in _ = try await tx.query("insert into slow values (1)") }
                }
                try await Self.waitUntilCommitting(connection.backendPID, through: pool)
                task.cancel()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                let count = try await connection.value("select count(*) from slow", as: Int.self)
                #expect(count == 0)
            }
        }
    }

    /// A table whose rows make COMMIT take a minute.
    private static let slowCommit = """
        create table slow (n int);
        create function slow_commit() returns trigger language plpgsql as $$
            begin perform pg_sleep(60); return null; end $$;
        create constraint trigger slow_commit after insert on slow deferrable initially deferred
            for each row execute function slow_commit()
        """

    private static func waitUntilCommitting(_ pid: Int32, through pool: PostgresPool) async throws {
        try await eventually("COMMIT waits in its trigger") {
            try await pool.value(
                "select count(*) from pg_stat_activity where pid = $1 and query = 'COMMIT' and wait_event = 'PgSleep'",
                pid, as: Int.self) == 1
        }
    }

    private static func terminate(_ pid: Int32, through pool: PostgresPool) async throws {
        try await waitUntilCommitting(pid, through: pool)
        try await pool.query("select pg_terminate_backend($1)", pid)
    }
}

/// Lets tasks wait until it is opened.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    func wait() async {
        if isOpen { return }
        await withCheckedContinuation { waiting.append($0) }
    }
}
