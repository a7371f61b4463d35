import LocalServers
import Logging
@testable import Postgres
import TestSupport
import Testing

@Suite struct PoolTests {
    private static let pid: Statement = "select pg_backend_pid()"

    @Test func connectionsAreOpenedOnDemandAndUsedAgain() async throws {
        try await withPool(size: 4) { pool in
            #expect(pool.statistics.open == 0)
            let first = try await pool.value(Self.pid, as: Int32.self)
            let second = try await pool.value(Self.pid, as: Int32.self)
            #expect(first == second)
            #expect(pool.statistics == PostgresPoolStatistics(size: 4, open: 1, inUse: 0, idle: 1, waiting: 0))
        }
    }

    @Test func theConnectionUsedLastIsUsedNext() async throws {
        try await withPool(size: 2) { pool in
            let (older, newer) = try await pool.withConnection { first in
                let newer = try await pool.withConnection { $0.backendPID }
                return (first.backendPID, newer)
            }
            #expect(older != newer)
            // `older` came back last.
            let next = try await pool.value(Self.pid, as: Int32.self)
            #expect(next == older)
        }
    }

    @Test func anExhaustedPoolSaysHowItIsExhausted() async throws {
        try await withPool(size: 1, acquireTimeout: .seconds(1)) { pool in
            // On a busy machine opening a connection may itself take longer than that.
            try await eventually("the connection is open", within: .seconds(60)) {
                try await pool.query("select 1").count == 1
            }
            try await pool.withConnection { connection in
                let start = ContinuousClock.now
                let error = await #expect(throws: PostgresError.self) { try await pool.query("select 1") }
                #expect(ContinuousClock.now - start >= .seconds(1))
                #expect(error?.code == .poolExhausted)
                #expect(error?.isTransient == true)
                #expect(error?.message.contains("1 of 1 connections, 1 in use, and 1 tasks waiting") == true)
                try await connection.query("select 1")
            }
            #expect(pool.statistics.waiting == 0)
            try await pool.query("select 1")
        }
    }

    @Test func tasksGetConnectionsInTheOrderInWhichTheyCame() async throws {
        try await withPool(size: 1) { pool in
            let (order, signal) = AsyncStream<Int>.makeStream()
            try await pool.withConnection { _ in
                for number in 0..<5 {
                    Task { try await pool.withConnection { _ in signal.yield(number) } }
                    try await eventually("task \(number) waits") { pool.statistics.waiting == number + 1 }
                }
            }
            var served: [Int] = []
            for await number in order.prefix(5) { served.append(number) }
            #expect(served == [0, 1, 2, 3, 4])
        }
    }

    @Test func aWaitingTaskCanBeCancelled() async throws {
        try await withPool(size: 1) { pool in
            try await pool.withConnection { _ in
                let task = Task { _ = try await pool.query("select 1") }
                try await eventually("the task waits") { pool.statistics.waiting == 1 }
                task.cancel()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                #expect(pool.statistics.waiting == 0)
            }
        }
    }

    @Test func aTaskCancelledBeforeItAsksGetsNothing() async throws {
        try await withPool(size: 1) { pool in
            try await pool.withConnection { _ in
                let gate = Gate()
                let task = Task {
                    await gate.wait()
                    _ = try await pool.query("select 1")
                }
                task.cancel()
                await gate.open()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.code == .cancelled)
            }
        }
    }

    @Test func aConnectionIsReplacedAfterItsLifetime() async throws {
        try await withPool(size: 1, maxLifetime: .milliseconds(100)) { pool in
            let first = try await pool.value(Self.pid, as: Int32.self)
            try await eventually("another connection is used") {
                try await pool.value(Self.pid, as: Int32.self) != first
            }
            #expect(pool.statistics.open <= 1)
        }
    }

    @Test func anIdleConnectionIsClosedAfterItsLifetime() async throws {
        try await withPool(size: 1, maxLifetime: .milliseconds(100), idleCheck: .milliseconds(50)) { pool in
            try await pool.query("select 1")
            try await eventually("the pool is empty") { pool.statistics.open == 0 }
        }
    }

    @Test func idleConnectionsAreAskedWhetherTheyStillWork() async throws {
        try await withPool(size: 2, idleCheck: .milliseconds(30)) { pool in
            let trips = try await pool.withConnection { $0.roundTrips }
            try await eventually("the connection was asked three times") {
                // Looking takes a connection, so look rarely.
                try await pool.withConnection { $0.roundTrips } >= trips + 3
            }
            #expect(pool.statistics.open == 1)
        }
    }

    @Test func aConnectionThatComesBackInsideATransactionIsReplaced() async throws {
        try await withPool(size: 1) { pool in
            let first = try await pool.withConnection { connection in
                try await connection.query("begin")
                return connection.backendPID
            }
            let second = try await pool.value(Self.pid, as: Int32.self)
            #expect(first != second)
        }
    }

    @Test func aConnectionThatComesBackWithAnAdvisoryLockIsReplaced() async throws {
        try await withPool(size: 1) { pool in
            let first = try await pool.withConnection { connection in
                try await connection.advisoryLock(4711)
                return connection.backendPID
            }
            let (second, isFree) = try await pool.withConnection { connection in
                // The old session ends after the new one began: wait for it to let go.
                try await connection.advisoryLock(4711)
                try await connection.advisoryUnlock(4711)
                return (connection.backendPID, true)
            }
            #expect(first != second && isFree)
        }
    }

    @Test func aConnectionThatTheServerEndsIsNoticedWhileIdle() async throws {
        try await withPool(size: 2) { pool in
            let (first, second) = try await pool.withConnection { one in
                let two = try await pool.withConnection { $0.backendPID }
                return (one.backendPID, two)
            }
            #expect(pool.statistics.open == 2)
            // Runs on the connection that is not its target.
            try await pool.withConnection { connection in
                let other = connection.backendPID == first ? second : first
                try await connection.query("select pg_terminate_backend($1)", other)
            }
            try await eventually("the ended connection is gone") { pool.statistics.open == 1 }
            try await pool.query("select 1")
        }
    }

    @Test func closingEndsEverything() async throws {
        let database = try await TestDatabase.make()
        let pool = database.pool(size: 1)
        let gate = Gate()
        let (started, signal) = AsyncStream<Void>.makeStream()
        let holder = Task {
            try await pool.withConnection { connection in
                signal.yield()
                await gate.wait()
                try await connection.query("select 1")
            }
        }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        let waiter = Task { _ = try await pool.query("select 1") }
        try await eventually("a task waits") { pool.statistics.waiting == 1 }
        let closing = Task { await pool.close() }
        let error = await #expect(throws: PostgresError.self) { try await waiter.value }
        #expect(error?.code == .poolClosed)
        // What is lent out may finish.
        await gate.open()
        try await holder.value
        await closing.value
        #expect(pool.statistics.open == 0)
        let late = await #expect(throws: PostgresError.self) { try await pool.query("select 1") }
        #expect(late?.code == .poolClosed)
    }

    @Test func closingCutsOffWhatDoesNotEnd() async throws {
        let database = try await TestDatabase.make()
        let pool = database.pool(size: 1)
        let running = Task { _ = try await pool.query("select pg_sleep(60)") }
        try await eventually("the query runs") { pool.statistics.inUse == 1 }
        await pool.close(patience: .milliseconds(100))
        let error = await #expect(throws: PostgresError.self) { try await running.value }
        #expect(error?.code == .connection)
    }

    @Test func aServerThatIsNotThereIsToldAtOnce() async throws {
        let port = try RandomPort.next()
        let pool = PostgresPool(
            .patient("postgresql://postgres@127.0.0.1:\(port)/postgres"), size: 2, acquireTimeout: .seconds(120),
            logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
        let start = ContinuousClock.now
        let error = await #expect(throws: PostgresError.self) { try await pool.query("select 1") }
        #expect(error?.code == .connection)
        #expect(error?.isTransient == true)
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(pool.statistics.open == 0)
        await pool.close()
    }

    @Test func aWrongPasswordDatabaseOrStringIsTold() async throws {
        let database = try await TestDatabase.make()
        let missing = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(.patient(database.url + "_missing"))
        }
        #expect(missing?.code == .connection)
        #expect(missing?.message.contains("does not exist") == true)
        let invalid = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(PostgresConfiguration("password='s3cret broken"))
        }
        #expect(invalid?.code == .configuration)
        #expect(invalid.map { "\($0)".contains("s3cret") } == false)
    }

    @Test func manyTasksOnFewConnectionsGetTheirOwnResults() async throws {
        try await withPool(size: 8) { pool in
            try await pool.withConnection { connection in
                try await connection.runScript("create table counters (n int primary key, v int not null)")
                try await connection.query("insert into counters select n, 0 from generate_series(0, 63) n")
            }
            let add: Statement = "update counters set v = v + 1 where n = $1 returning v"
            try await withThrowingTaskGroup { group in
                for task in 0..<64 {
                    group.addTask {
                        for round in 1...200 {
                            try await pool.withTransaction { tx in
                                let value = try await tx.value(add, task, as: Int.self)
                                #expect(value == round)
                                tx.enqueueAtCommit(
                                    Statement("update counters set v = v where n = $1").bind((task + 1) % 64))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sum = try await pool.value("select sum(v) from counters", as: Int.self)
            #expect(sum == 64 * 200)
            #expect(pool.statistics.inUse == 0)
            #expect(pool.statistics.open <= 8)
        }
    }
}
