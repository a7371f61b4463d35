import Foundation
import Logging
import Metrics
import Postgres

/// One round of one kind of job.
struct JobWorker: Sendable {
    let handler: any JobHandler
    let pool: PostgresPool
    let logger: Logger
    private let done: Counter
    private let failed: Counter
    private let dead: Counter
    private let lateness: Timer

    init(handler: any JobHandler, pool: PostgresPool, logger: Logger) {
        self.handler = handler
        self.pool = pool
        self.logger = logger
        func counter(_ outcome: String) -> Counter {
            Counter(label: "jobs_total", dimensions: [("kind", handler.kind), ("outcome", outcome)])
        }
        done = counter("done")
        failed = counter("failed")
        dead = counter("dead")
        lateness = Timer(label: "job_lateness_seconds", dimensions: [("kind", handler.kind)])
    }

    /// Claims and runs what is due, up to a batch.
    /// - Returns: how many were claimed.
    /// - Throws: only what has nothing to do with the jobs themselves: the database is away, the task was cancelled.
    func runDue() async throws -> Int {
        var claimed: [Job] = []
        do {
            return try await pool.withTransaction { transaction in
                let rows = try await transaction.query(
                    JobSQL.claim.bind(handler.kind, Int64(max(1, handler.batchSize))))
                claimed = try rows.map(job)
                guard !claimed.isEmpty else { return 0 }
                try await run(claimed, in: transaction)
                return claimed.count
            }
        } catch  where claimed.isEmpty || isInterruption(error) {
            throw error
        } catch  where claimed.count == 1 {
            try await fail(claimed[0], error: error)
            return 1
        } catch {
            logger.debug(
                "batch of jobs failed, running one by one", metadata: ["kind": "\(handler.kind)", "error": "\(error)"])
            for job in claimed { try await runAlone(job.id) }
            return claimed.count
        }
    }

    func untilNextDue() async throws -> Duration? {
        let microseconds = try await pool.query(JobSQL.nextDue.bind(handler.kind)).first?.get(0, as: Int64?.self)
        return (microseconds ?? nil).map { .microseconds($0) }
    }

    private func runAlone(_ id: Int64) async throws {
        var claimed: Job?
        do {
            try await pool.withTransaction { transaction in
                claimed = try await transaction.query(JobSQL.claimOne.bind(id)).first.map(job)
                if let claimed { try await run([claimed], in: transaction) }
            }
        } catch {
            guard let claimed, !isInterruption(error) else { throw error }
            try await fail(claimed, error: error)
        }
    }

    private func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws {
        let now = Date()
        for job in jobs { lateness.record(duration: .seconds(max(0, now.timeIntervalSince(job.runAt)))) }
        let ids = jobs.map(\.id)
        switch try await handler.run(jobs, in: transaction) {
        case .done: transaction.enqueue(JobSQL.finish.bind(ids))
        case .again(let delay): transaction.enqueue(JobSQL.again.bind(ids, delay.microseconds))
        }
        transaction.afterCommit { [done] in done.increment(by: Int64(jobs.count)) }
    }

    /// Writes the failure, in a transaction of its own: the job's was rolled back.
    private func fail(_ job: Job, error: any Error) async throws {
        let isDead = job.attempt >= handler.retry.maxAttempts
        let text = "\(error)"
        try await pool.withTransaction { transaction in
            // Another worker may have run it since.
            guard try await !transaction.query(JobSQL.claimOne.bind(job.id)).isEmpty else { return }
            let delay = handler.retry.delay(attempt: job.attempt)
            transaction.enqueue(JobSQL.fail.bind(job.id, text, delay.microseconds, isDead))
            if isDead { try await handler.exhausted(job, error: text, in: transaction) }
        }
        (isDead ? dead : failed).increment()
        logger.log(
            level: isDead ? .error : .warning, isDead ? "job is dead" : "job failed, will be tried again",
            metadata: [
                "kind": "\(job.kind)", "job_id": "\(job.id)", "attempt": "\(job.attempt)", "error": "\(text)",
            ])
    }

    private func isInterruption(_ error: any Error) -> Bool {
        error is CancellationError || (error as? PostgresError)?.isTransient == true
    }

    private func job(_ row: PostgresRow) throws -> Job {
        let (id, key, runAt, attempt, payload) = try row.decode(
            Int64.self, String?.self, Date.self, Int32.self, [UInt8].self)
        return Job(
            id: id, kind: handler.kind, key: key, runAt: runAt, attempt: Int(attempt) + 1, payload: payload)
    }
}
