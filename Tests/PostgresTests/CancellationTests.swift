@testable import Postgres
import TestSupport
import Testing

@Suite struct CancellationTests {
    private static let sleep: Statement = "select pg_sleep(60)"

    /// Waits until the connection's query runs on the server.
    private func waitUntilRunning(_ pid: Int32, _ query: String, through pool: PostgresPool) async throws {
        try await eventually("\(query) runs") {
            try await pool.value(
                "select count(*) from pg_stat_activity where pid = $1 and state = 'active' and query like $2", pid,
                query, as: Int.self) == 1
        }
    }

    @Test func cancellingATaskCancelsItsQueryAndKeepsTheConnection() async throws {
        try await withPool(size: 2) { pool in
            try await pool.withConnection { connection in
                let task = Task { _ = try await connection.query(Self.sleep) }
                try await waitUntilRunning(connection.backendPID, "%pg_sleep%", through: pool)
                let start = ContinuousClock.now
                task.cancel()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                // Long before the query would have ended.
                #expect(ContinuousClock.now - start < .seconds(50))
                let value = try await connection.value("select 7", as: Int.self)
                #expect(value == 7)
                #expect(!connection.isClosed)
            }
        }
    }

    @Test func aLateCancelNeverHitsTheNextQuery() async throws {
        try await withDatabase { connection in
            for round in 0..<300 {
                let task = Task { _ = try await connection.query("select pg_sleep(0.002)") }
                // Cancels before, while and after the query runs.
                if round % 3 > 0 { try await Task.sleep(for: .microseconds(round * 10)) }
                task.cancel()
                let next = try await connection.value(
                    "select pg_sleep(0.001)::text || $1::text", "\(round)", as: String.self)
                #expect(next == "\(round)")
                if case .failure(let error) = await task.result {
                    #expect((error as? PostgresError)?.code == .cancelled)
                }
            }
        }
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        try await withDatabase { connection in
            let before = connection.roundTrips
            let gate = Gate()
            let task = Task {
                await gate.wait()
                _ = try await connection.query("select 1")
            }
            task.cancel()
            await gate.open()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(connection.roundTrips == before)
        }
    }

    @Test func aQueryThatWaitsForItsTurnIsCancelledWithoutBeingSent() async throws {
        try await withPool(size: 2) { pool in
            try await pool.withConnection { connection in
                let first = Task { _ = try await connection.query(Self.sleep) }
                try await waitUntilRunning(connection.backendPID, "%pg_sleep%", through: pool)
                let trips = connection.roundTrips
                let second = Task { _ = try await connection.query("select 2") }
                second.cancel()
                let error = await #expect(throws: PostgresError.self) { try await second.value }
                #expect(error?.code == .cancelled)
                #expect(connection.roundTrips == trips)
                first.cancel()
                _ = await first.result
            }
        }
    }

    @Test func aCancelledPipelineLeavesNothingBehind() async throws {
        try await withPool(size: 2) { pool in
            try await pool.withConnection { try await $0.runScript("create table t (n int)") }
            try await pool.withConnection { connection in
                let task = Task {
                    _ = try await connection.pipeline([
                        Statement("insert into t values (1)").bind(), Self.sleep.bind(),
                        Statement("insert into t values (2)").bind(),
                    ])
                }
                try await waitUntilRunning(connection.backendPID, "%pg_sleep%", through: pool)
                task.cancel()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                #expect(error?.pipelineIndex == 1)
                let count = try await connection.value("select count(*) from t", as: Int.self)
                #expect(count == 0)
            }
        }
    }

    @Test func aCancelledTransactionRollsBackAndItsConnectionIsUsedAgain() async throws {
        try await withPool(size: 2) { pool in
            try await pool.withConnection { try await $0.runScript("create table t (n int)") }
            let pids = AsyncStream<Int32>.makeStream()
            let task = Task {
                try await pool.withTransaction { tx in
                    pids.continuation.yield(tx.core.backendPID)
                    try await tx.query("insert into t values (1)")
                    try await tx.query(Self.sleep)
                }
            }
            var iterator = pids.stream.makeAsyncIterator()
            let pid = try #require(await iterator.next())
            try await waitUntilRunning(pid, "%pg_sleep%", through: pool)
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            let count = try await pool.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
            try await eventually("both connections are back") { pool.statistics.idle == 2 }
        }
    }

    @Test(.timeLimit(.minutes(30))) func whileQueriesWaitOtherTasksGoOn() async throws {
        try await withPool(size: 33) { pool in
            try await pool.withConnection { holder in
                try await holder.advisoryLock(1)
                try await withThrowingTaskGroup { group in
                    for _ in 0..<32 {
                        group.addTask { _ = try await pool.query("select pg_advisory_xact_lock_shared($1)", 1) }
                    }
                    try await eventually("all 32 wait on the server", within: .seconds(30)) {
                        try await holder.value(
                            "select count(*) from pg_locks where locktype = 'advisory' and not granted", as: Int.self)
                            == 32
                    }
                    // Far more steps than there are threads: they could not happen if the queries held those, and the
                    // lock would never be given back.
                    await withTaskGroup { steps in
                        for _ in 0..<100 { steps.addTask { for _ in 0..<20 { await Task.yield() } } }
                    }
                    #expect(pool.statistics.inUse == 33)
                    try await holder.advisoryUnlock(1)
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func aStatementTimeoutIsAnErrorOfTheServer() async throws {
        try await withDatabase({ $0.statementTimeout = .milliseconds(100) }) { connection in
            let error = await #expect(throws: PostgresError.self) { try await connection.query(Self.sleep) }
            #expect(error?.code == .server)
            #expect(error?.isStatementTimeout == true)
            // A busy server may not manage even that in time.
            try await eventually("the connection is used again") { try await connection.query("select 1").count == 1 }
        }
    }

    @Test func aLockTimeoutIsToldAndTransient() async throws {
        let database = try await TestDatabase.make()
        var configuration = database.configuration()
        let holder = try await PostgresConnection.connect(configuration)
        configuration.lockTimeout = .milliseconds(100)
        let waiter = try await PostgresConnection.connect(configuration)
        try await holder.runScript("create table t (n int); insert into t values (1)")
        try await holder.withTransaction { tx in
            try await tx.query("select n from t for update")
            let error = await #expect(throws: PostgresError.self) {
                try await waiter.query("select n from t for update")
            }
            #expect(error?.isLockTimeout == true)
            #expect(error?.isTransient == true)
        }
        try await waiter.query("select n from t for update")
        await holder.close()
        await waiter.close()
    }

    @Test func anIdleTransactionIsEndedByItsTimeout() async throws {
        try await withDatabase({ $0.idleInTransactionTimeout = .milliseconds(100) }) { connection in
            await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { tx in
                    try await tx.query("select 1")
                    try await eventually("the server has ended the session") { connection.isClosed }
                }
            }
        }
    }
}
