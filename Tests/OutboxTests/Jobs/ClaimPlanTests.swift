import Logging
@testable import Outbox
import Postgres
import Schema
import Synchronization
import TestSupport
import Testing

/// What a claim reads, when there is a backlog that the statistics do not know of.
@Suite("Plans of claims")
struct ClaimPlanTests {
    private final class Reader: JobHandler {
        let kind = "test"
        /// Rows of the queue that the claiming transaction had read, run by run.
        let reads = Mutex<[Int64]>([])

        func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
            let row = try await transaction.query(
                Statement(
                    """
                    select seq_tup_read + coalesce(idx_tup_fetch, 0), current_setting('enable_sort')
                    from pg_stat_xact_user_tables where relname = 'scheduled_job'
                    """
                ).bind()
            ).first
            let (read, sorts) = try #require(row).decode(Int64.self, String.self)
            #expect(sorts == "on", "the handler's own statements are planned as ever")
            reads.withLock { $0.append(read) }
            return .done
        }
    }

    @Test("a claim reads the jobs that it takes, not the backlog, although it was planned when the queue was short")
    func aClaimReadsByTheIndex() async throws {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let pool = database.pool(size: 1, logger: .quiet)
        let workers = database.pool(size: 1, logger: .quiet)
        let queue = JobQueue()
        let reader = Reader()
        func schedule(_ count: Int) async throws {
            let jobs = try (0..<count).map { try NewJob("test", key: "\($0)", payload: [Int]()) }
            try await pool.withTransaction { queue.schedule(jobs, in: $0) }
        }
        // A table that was never looked at is taken to be larger than it is.
        try await pool.query("vacuum analyze scheduled_job")
        let runner = JobRunner([reader], queue: queue, pool: workers, logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            // From the sixth time on a prepared statement may keep its plan.
            try await schedule(12)
            try await eventually("the short queue is worked off", within: .seconds(30)) {
                reader.reads.withLock(\.count) == 12
            }
            try await schedule(2_000)
            try await eventually("some of the backlog have run", within: .seconds(30)) {
                reader.reads.withLock(\.count) >= 14
            }
            group.cancelAll()
        }
        // What a connection counts is passed on once a second at most, so a run shows some of those before it, too.
        let reads = reader.reads.withLock { $0 }
        #expect(reads[12] < 500, "rows read: \(reads.prefix(20))")
    }

    @Test("a look for what is due is planned by the index too, and leaves nothing behind on its connection")
    func aLookIsPlannedByTheIndex() async throws {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let pool = database.pool(size: 1, logger: .quiet)
        let setting: Statement = "select current_setting('enable_sort')"
        let results = try await pool.pipeline([JobSQL.planByIndex.bind(), setting.bind()])
        #expect(try results[1].first?.get(0, as: String.self) == "off")
        #expect(try await pool.query(setting.bind()).first?.get(0, as: String.self) == "on")
    }
}
