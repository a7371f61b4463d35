import Foundation
import Logging
import Outbox
import Postgres
import Schema
import TestSupport
import Testing

/// Jobs that take their process down with them.
@Suite("Jobs of lost workers")
struct LostWorkerTests {
    struct Handler: JobHandler {
        let kind = "test"
        let batchSize = 10
        let retry = RetryPolicy(maxAttempts: 3, base: .milliseconds(1), cap: .milliseconds(2))
        var killer: String?

        func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
            for job in jobs {
                if job.key == killer { kill(getpid(), SIGKILL) }
                try await transaction.query(
                    Statement("insert into effect (job, attempt) values ($1::text, $2::int)").bind(job.key, job.attempt)
                )
            }
            return .done
        }

        func exhausted(_ job: Job, error: String, in transaction: PostgresTransaction) async throws {
            transaction.enqueue(Statement("insert into effect (job, attempt) values ('exhausted', 0)").bind())
        }
    }

    private static func pool(_ url: String) -> PostgresPool {
        PostgresPool(.patient(url), size: 4, acquireTimeout: .seconds(120), logger: .quiet)
    }

    private func setUp(_ keys: [String]) async throws -> (database: TestDatabase, pool: PostgresPool) {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let pool = Self.pool(database.url)
        try await pool.query("create table effect (id serial, job text, attempt int)")
        let queue = JobQueue()
        for key in keys {
            try await pool.withTransaction { try queue.schedule("test", key: key, payload: [String](), in: $0) }
        }
        return (database, pool)
    }

    private static func run(
        _ handler: Handler, on pool: PostgresPool, until condition: @escaping @Sendable () async throws -> Bool
    ) async throws {
        let runner = JobRunner([handler], queue: JobQueue(), pool: pool, poll: .milliseconds(5), logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            try await eventually("the jobs are done", within: .seconds(60), condition)
            group.cancelAll()
        }
    }

    private func number(_ statement: Statement, _ pool: PostgresPool) async throws -> Int64 {
        try await pool.query(statement.bind()).first?.get(0) ?? -1
    }

    @Test("a job that kills its process counts an attempt each time, is dead in the end, and takes no other along")
    func poisonIsBounded() async throws {
        let (database, pool) = try await setUp(["a", "poison", "b"])
        for _ in 0..<3 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [url = database.url as String] in
                try await Self.run(Handler(killer: "poison"), on: Self.pool(url)) { false }
            }
        }
        try await Self.run(Handler(killer: "poison"), on: pool) {
            try await number("select count(*) from scheduled_job where state = 'scheduled'", pool) == 0
        }
        let effects = try await pool.query("select string_agg(job, ' ' order by job) from effect").first
        #expect(try effects?.get(0, as: String.self) == "a b exhausted")
        let dead = try await pool.query("select unique_key, attempt, last_error from job_dead").first
        let (key, attempt, error) = try #require(try dead?.decode(String.self, Int32.self, String.self))
        #expect(key == "poison")
        #expect(attempt == 3)
        #expect(error.contains("without a word"))
    }

    @Test("a lock that was let go in order counts nothing, one that was rolled back counts an attempt")
    func onlyRollbacksCount() async throws {
        struct Abort: Error {}
        let (_, pool) = try await setUp(["kept", "lost"])
        // As a claim does that comes just behind another one: the row is locked, and not due any more.
        _ = try await pool.withTransaction { transaction in
            try await transaction.query("select id from scheduled_job where unique_key = 'kept' for update")
        }
        await #expect(throws: Abort.self) {
            try await pool.withTransaction { transaction in
                try await transaction.query("select id from scheduled_job where unique_key = 'lost' for update")
                throw Abort()
            }
        }
        try await Self.run(Handler(), on: pool) {
            try await number("select count(*) from scheduled_job", pool) == 0
        }
        let effects = try await pool.query("select string_agg(job || ' ' || attempt, ', ' order by job) from effect")
            .first
        #expect(try effects?.get(0, as: String.self) == "kept 1, lost 2")
    }

    @Test("a job that fails while other workers wait for it counts its own errors, each once")
    func failuresAreNotTakenForDeaths() async throws {
        struct Broken: Error {}
        struct Failing: JobHandler {
            let kind = "test"
            let batchSize: Int
            let retry = RetryPolicy(maxAttempts: 60, base: .zero, cap: .zero)
            let concurrency = 4

            func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
                // Something that the failure takes back.
                try await transaction.query("insert into effect (job, attempt) values ('run', 0)")
                throw Broken()
            }

            func exhausted(_ job: Job, error: String, in transaction: PostgresTransaction) async throws {
                transaction.enqueue(
                    Statement("insert into effect (job, attempt) values ($1::text, $2::int)").bind(error, job.attempt))
            }
        }
        for batchSize in [1, 10] {
            let log = RecordedLog()
            let (_, pool) = try await setUp(["a", "b", "c"])
            let runner = JobRunner(
                [Failing(batchSize: batchSize)], queue: JobQueue(), pool: pool, poll: .milliseconds(1),
                logger: log.logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await runner.run() }
                try await eventually("all are dead", within: .seconds(60)) {
                    try await number("select count(*) from scheduled_job where state = 'dead'", pool) == 3
                }
                group.cancelAll()
            }
            let errors = log.lines.filter { $0.message.hasPrefix("job ") }.compactMap { $0.metadata["error"] }
            #expect(errors.count == 3 * 60)
            #expect(Set(errors.map { "\($0)" }) == ["Broken()"])
            let effects = try await pool.query("select string_agg(job || attempt, ' ') from effect").first
            #expect(try effects?.get(0, as: String.self) == "Broken()60 Broken()60 Broken()60")
        }
    }

    @Test("a job that its process gives up when it stops counts nothing, whatever error it ends with")
    func stoppedIsNotCounted() async throws {
        struct Broken: Error {}
        struct Stopped: JobHandler {
            let kind = "test"
            let began = Wakeup()

            func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
                began.notify()
                try? await Task.sleep(for: .seconds(60))
                throw Broken()
            }
        }
        let (_, pool) = try await setUp(["a"])
        let stopped = Stopped()
        let runner = JobRunner([stopped], queue: JobQueue(), pool: pool, poll: .milliseconds(5), logger: .quiet)
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            #expect(await stopped.began.wait(upTo: .seconds(30)))
            group.cancelAll()
        }
        try await Self.run(Handler(), on: pool) {
            try await number("select count(*) from scheduled_job", pool) == 0
        }
        #expect(try await number("select attempt::bigint from effect", pool) == 1)
    }

    @Test("a claim that ended with its backend, a recurring job and one that is ensured again count nothing")
    func innocentsAreNotCounted() async throws {
        let (_, pool) = try await setUp([])
        let queue = JobQueue()
        struct Ticking: JobHandler {
            let kind = "tick"
            func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
                for job in jobs {
                    try await transaction.query(
                        Statement("insert into effect (job, attempt) values ('tick', $1::int)").bind(job.attempt))
                }
                // A failure of the connection, not of the job.
                if Int.random(in: 0..<4) == 0 {
                    try await transaction.query("select pg_terminate_backend(pg_backend_pid())")
                }
                return .again(after: .zero)
            }
        }
        let runner = JobRunner([Ticking()], queue: queue, pool: pool, poll: .milliseconds(5), logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            try await eventually("it ran often") {
                try await queue.ensure("tick", key: "tick", on: pool)
                return try await number("select count(*) from effect", pool) >= 20
            }
            group.cancelAll()
        }
        #expect(try await number("select max(attempt)::bigint from effect", pool) == 1)
    }
}
