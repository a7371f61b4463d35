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
        let ending: Ending
        do {
            ending = try await pool.withTransaction { transaction in
                let results = try await transaction.pipeline([
                    JobSQL.planByIndex.bind(), JobSQL.claim.bind(handler.kind, Int64(max(1, handler.batchSize))),
                    JobSQL.planFreely.bind(),
                ])
                let found = try results[1].map(job)
                claimed = found.map(\.job)
                guard !claimed.isEmpty else { return .written([]) }
                let lost = found.filter(\.isLost).map(\.job)
                guard lost.isEmpty else { return .written(try await note(lost, of: claimed, in: transaction)) }
                return try await run(claimed, in: transaction)
            }
        } catch  where claimed.isEmpty {
            throw error
        } catch  where isInterruption(error) {
            await unmark(claimed)
            throw error
        } catch  where claimed.count == 1 {
            try await fail(claimed[0], error: error)
            return 1
        } catch {
            ending = .oneByOne(error)
        }
        switch ending {
        case .written(let failures): failures.forEach(tell)
        case .oneByOne(let error):
            logger.debug(
                "batch of jobs failed, running one by one", metadata: ["kind": "\(handler.kind)", "error": "\(error)"])
            for job in claimed { try await runAlone(job.id) }
        }
        return claimed.count
    }

    /// Whether a job is due, and how long until the next one will be, by the database's clock; nil when there is none.
    func look() async throws -> (isDue: Bool, next: Duration?) {
        let results = try await pool.pipeline([JobSQL.planByIndex.bind(), JobSQL.look.bind(handler.kind)])
        guard let row = results[1].first else { return (false, nil) }
        let (isDue, next) = try row.decode(Bool.self, Int64?.self)
        return (isDue, next.map { .microseconds($0) })
    }

    /// How a transaction with claimed jobs ends.
    private enum Ending {
        /// All is in it that came of them, these failures too.
        case written([Failure])
        /// They failed as a batch, and nothing of it is left.
        case oneByOne(any Error)
    }

    private func runAlone(_ id: Int64) async throws {
        var claimed: Job?
        do {
            let ending = try await pool.withTransaction { transaction -> Ending in
                claimed = try await transaction.query(JobSQL.claimOne.bind(id)).first.map(job)?.job
                return if let claimed { try await run([claimed], in: transaction) } else { .written([]) }
            }
            if case .written(let failures) = ending { failures.forEach(tell) }
        } catch {
            guard let claimed else { throw error }
            guard !isInterruption(error) else {
                await unmark([claimed])
                throw error
            }
            try await fail(claimed, error: error)
        }
    }

    /// Runs jobs. When they fail, what they did is taken back and their rows stay locked until COMMIT: rolled back, they
    /// would look lost to a worker that came before the failure was written.
    private func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> Ending {
        let now = Date()
        for job in jobs { lateness.record(duration: .seconds(max(0, now.timeIntervalSince(job.runAt)))) }
        let ids = jobs.map(\.id)
        let outcome: JobOutcome
        do {
            // A batch's errors must show here, whose fault they are is still to be found; one job's may show at COMMIT.
            outcome = try await transaction.withSavepoint(flushing: jobs.count > 1) {
                try await handler.run(jobs, in: transaction)
            }
        } catch {
            guard !isInterruption(error) else { throw error }
            guard jobs.count == 1 else { return .oneByOne(error) }
            return .written([try await note(jobs[0], error: "\(error)", in: transaction)])
        }
        #if DEBUG
            FaultPoint.ofProcess?.passed("job.\(handler.kind)")
        #endif
        switch outcome {
        case .done: transaction.enqueue(JobSQL.finish.bind(ids))
        case .again(let delay): transaction.enqueue(JobSQL.again.bind(ids, delay.microseconds))
        }
        transaction.afterCommit { [done] in done.increment(by: Int64(jobs.count)) }
        return .written([])
    }

    /// Counts an attempt for the jobs with which a process died, and runs nothing: what is claimed beside them gets a
    /// new version too, or it would look lost the next time.
    private func note(_ lost: [Job], of claimed: [Job], in transaction: PostgresTransaction) async throws -> [Failure] {
        transaction.enqueue(JobSQL.unmark.bind(claimed.map(\.id)))
        var failures: [Failure] = []
        for job in lost {
            failures.append(
                try await note(job, error: "the process that ran it ended without a word", in: transaction))
        }
        return failures
    }

    /// Writes a failure that came with COMMIT, in a transaction of its own: the job's was rolled back.
    private func fail(_ job: Job, error: any Error) async throws {
        let failure = try await pool.withTransaction { transaction -> Failure? in
            // Another worker may have run it since.
            guard try await !transaction.query(JobSQL.claimOne.bind(job.id)).isEmpty else { return nil }
            return try await note(job, error: "\(error)", in: transaction)
        }
        if let failure { tell(failure) }
    }

    private func note(_ job: Job, error: String, in transaction: PostgresTransaction) async throws -> Failure {
        let isDead = job.attempt >= handler.retry.maxAttempts
        let delay = handler.retry.delay(attempt: job.attempt)
        transaction.enqueue(JobSQL.fail.bind(job.id, error, delay.microseconds, isDead))
        if isDead { try await handler.exhausted(job, error: error, in: transaction) }
        return Failure(job: job, error: error, isDead: isDead)
    }

    private func tell(_ failure: Failure) {
        (failure.isDead ? dead : failed).increment()
        logger.log(
            level: failure.isDead ? .error : .warning,
            failure.isDead ? "job is dead" : "job failed, will be tried again",
            metadata: [
                "kind": "\(handler.kind)", "job_id": "\(failure.job.id)", "attempt": "\(failure.job.attempt)",
                "error": "\(failure.error)",
            ])
    }

    /// A failure that was written.
    private struct Failure {
        let job: Job
        let error: String
        let isDead: Bool
    }

    /// The claim was given up for no fault of the jobs': their attempt does not count. If this cannot be written either,
    /// it does.
    private func unmark(_ jobs: [Job]) async {
        // Of its own, so that a cancelled worker writes it too.
        await Task { [pool] in
            try? await pool.withTransaction { transaction in
                transaction.enqueue(JobSQL.waitBriefly.bind())
                transaction.enqueue(JobSQL.unmark.bind(jobs.map(\.id)))
            }
        }.value
    }

    private func isInterruption(_ error: any Error) -> Bool {
        Task.isCancelled || error is CancellationError || (error as? PostgresError)?.isTransient == true
    }

    private func job(_ row: PostgresRow) throws -> (job: Job, isLost: Bool) {
        let (id, key, runAt, attempt, payload, isLost) = try row.decode(
            Int64.self, String?.self, Date.self, Int32.self, [UInt8].self, Bool.self)
        return (
            Job(id: id, kind: handler.kind, key: key, runAt: runAt, attempt: Int(attempt) + 1, payload: payload), isLost
        )
    }
}
