import Foundation
import Logging
import Outbox
import Postgres
import Schema
import Synchronization
import TestSupport
import Testing

@Suite("Jobs")
struct JobRunnerTests {
    struct Recorder: JobHandler {
        let kind = "test"
        var batchSize = 1
        var concurrency = 1
        var retry = RetryPolicy(maxAttempts: 3, base: .milliseconds(1), cap: .milliseconds(2))
        let work: @Sendable ([Job], PostgresTransaction) async throws -> JobOutcome

        func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
            for job in jobs {
                try await transaction.query(
                    Statement("insert into effect (job, attempt) values ($1::text, $2::int)")
                        .bind(job.key ?? "", job.attempt))
            }
            return try await work(jobs, transaction)
        }

        func exhausted(_ job: Job, error: String, in transaction: PostgresTransaction) async throws {
            transaction.enqueue(Statement("insert into exhausted (job) values ($1::text)").bind(job.key ?? ""))
        }
    }

    struct Setting {
        let pool: PostgresPool
        let queue = JobQueue()

        init() async throws {
            pool = try await TestDatabase.make(SchemaCatalog.outbox).pool(size: 12)
            try await pool.query("create table effect (id serial, job text, attempt int, at timestamptz default now())")
            try await pool.query("create table exhausted (job text)")
        }

        func schedule(_ key: String?, after delay: Duration = .zero) async throws {
            try await pool.withTransaction {
                try queue.schedule("test", key: key, after: delay, payload: ["key": key ?? ""], in: $0)
            }
        }

        func effects() async throws -> [String] {
            try await pool.query("select job from effect order by id").map { try $0.get(0) }
        }

        func count(_ statement: Statement) async throws -> Int64 {
            try await pool.query(statement.bind()).first?.get(0) ?? -1
        }

        func run(_ handlers: [Recorder], until what: String, _ condition: @escaping @Sendable () async throws -> Bool)
            async throws
        {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for handler in handlers {
                    let runner = JobRunner(
                        [handler], queue: queue, pool: pool, poll: .milliseconds(20), logger: .quiet)
                    group.addTask { try await runner.run() }
                }
                try await eventually(what, within: .seconds(30), condition)
                group.cancelAll()
            }
        }
    }

    @Test("a due job runs once and is gone")
    func runsOnce() async throws {
        let setting = try await Setting()
        try await setting.schedule("a")
        try await setting.run([Recorder { _, _ in .done }], until: "no job is left") {
            try await setting.count("select count(*) from scheduled_job") == 0
        }
        #expect(try await setting.effects() == ["a"])
    }

    @Test("a job does not run before its time")
    func waitsForItsTime() async throws {
        let setting = try await Setting()
        // Late enough for the other to be scheduled, however slow the machine is.
        try await setting.schedule("later", after: .seconds(3))
        let due = try #require(
            try await setting.pool.query("select run_at from scheduled_job").first?.get(0, as: Date.self))
        try await setting.schedule("now")
        try await setting.run([Recorder { _, _ in .done }], until: "both have run") {
            try await setting.effects().count == 2
        }
        #expect(try await setting.effects() == ["now", "later"])
        let ran = try #require(
            try await setting.pool.query("select at from effect where job = 'later'").first?.get(0, as: Date.self))
        #expect(ran >= due)
    }

    @Test("eight workers share jobs without running one twice")
    func sharesJobs() async throws {
        let setting = try await Setting()
        for number in 0..<60 { try await setting.schedule("job-\(number)") }
        var handler = Recorder { _, _ in .done }
        handler.concurrency = 4
        handler.batchSize = 3
        try await setting.run([handler, handler], until: "no job is left") {
            try await setting.count("select count(*) from scheduled_job") == 0
        }
        let effects = try await setting.effects()
        #expect(effects.count == 60)
        #expect(Set(effects).count == 60)
    }

    @Test("a failing job leaves no effect, is tried again, and ends as dead with its error")
    func failsForGood() async throws {
        struct Broken: Error {}
        let setting = try await Setting()
        try await setting.schedule("bad")
        try await setting.run([Recorder { _, _ in throw Broken() }], until: "it is dead") {
            try await setting.count("select count(*) from job_dead") == 1
        }
        #expect(try await setting.effects().isEmpty)
        #expect(try await setting.count("select count(*) from exhausted") == 1)
        let row = try await setting.pool.query("select attempt, last_error from scheduled_job").first
        let (attempt, error) = try #require(try row?.decode(Int32.self, String.self))
        #expect(attempt == 3)
        #expect(error.contains("Broken"))
    }

    @Test("one job of a batch that fails costs only itself")
    func isolatesFailure() async throws {
        struct Broken: Error {}
        let setting = try await Setting()
        for key in ["a", "b", "bad", "c"] { try await setting.schedule(key) }
        var handler = Recorder { jobs, _ in
            if jobs.contains(where: { $0.key == "bad" }) { throw Broken() }
            return .done
        }
        handler.batchSize = 10
        try await setting.run([handler], until: "only the bad one is left, dead") {
            try await setting.count("select count(*) from scheduled_job where state = 'scheduled'") == 0
        }
        #expect(try await setting.effects().sorted() == ["a", "b", "c"])
    }

    @Test("a recurring job runs again and again")
    func recurs() async throws {
        let setting = try await Setting()
        try await setting.queue.ensure("test", key: "tick", on: setting.pool)
        try await setting.queue.ensure("test", key: "tick", on: setting.pool)
        try await setting.run([Recorder { _, _ in .again(after: .milliseconds(1)) }], until: "it ran three times") {
            try await setting.effects().count >= 3
        }
        #expect(try await setting.count("select count(*) from scheduled_job") == 1)
    }

    @Test("scheduling under the same key moves the job; cancelling takes it back")
    func movesAndCancels() async throws {
        let setting = try await Setting()
        try await setting.schedule("a", after: .seconds(3_600))
        try await setting.schedule("a", after: .zero)
        try await setting.schedule("b")
        try await setting.pool.withTransaction { setting.queue.cancel("test", keys: ["b"], in: $0) }
        try await setting.run([Recorder { _, _ in .done }], until: "no job is left") {
            try await setting.count("select count(*) from scheduled_job") == 0
        }
        #expect(try await setting.effects() == ["a"])
    }

    @Test("a worker whose backend is killed in the middle leaves the job for another, and no effect")
    func survivesKilledWorker() async throws {
        let setting = try await Setting()
        try await setting.schedule("a")
        let isFirst = Mutex(true)
        let handler = Recorder { _, transaction in
            if isFirst.withLock({
                let was = $0; $0 = false; return was
            }) {
                try await transaction.query("select pg_terminate_backend(pg_backend_pid())")
            }
            return .done
        }
        try await setting.run([handler], until: "no job is left") {
            try await setting.count("select count(*) from scheduled_job") == 0
        }
        #expect(try await setting.effects() == ["a"])
        #expect(try await setting.count("select max(attempt)::bigint from effect") == 1)
    }
}
