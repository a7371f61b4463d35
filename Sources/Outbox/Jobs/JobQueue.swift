public import Foundation
public import Postgres

/// Schedules jobs of one service, in the transaction of the change that asks for them.
public struct JobQueue: Sendable {
    /// Wakes this process's runners; other processes find the job by polling.
    let wakeups = JobWakeups()

    public init() {}

    /// Schedules a job. A second one of the same kind and key takes the first one's place: time and payload are the
    /// later ones.
    /// - Parameters:
    ///   - key: unique within the kind; nil for one of many.
    ///   - delay: from now, by the database's clock.
    ///   - date: when, by the database's clock; wins over `delay`.
    ///   - payload: JSON that the handler gets.
    /// - Throws: `EncodingError`.
    public func schedule(
        _ kind: String, key: String?, after delay: Duration = .zero, at date: Date? = nil,
        payload: some Encodable & Sendable, in transaction: PostgresTransaction
    ) throws {
        schedule([try NewJob(kind, key: key, after: delay, at: date, payload: payload)], in: transaction)
    }

    /// Schedules jobs, whatever their number, with one statement. No two may be of the same kind and key.
    public func schedule(_ jobs: [NewJob], in transaction: PostgresTransaction) {
        guard !jobs.isEmpty else { return }
        transaction.enqueue(statement(jobs))
        // Waking all workers for a deadline that is minutes away costs each of them two questions to the database; they
        // find it by their poll.
        let kinds = Set(jobs.filter(\.isSoon).map(\.kind))
        guard !kinds.isEmpty else { return }
        transaction.afterCommit { [wakeups] in
            for kind in kinds { wakeups.notify(kind) }
        }
    }

    /// The insert alone, for a pipeline of one round trip; call ``notify(_:)`` when it has succeeded.
    public func statement(_ jobs: [NewJob]) -> BoundStatement {
        JobSQL.schedule.bind(
            jobs.map(\.kind), jobs.map(\.key), jobs.map(\.date), jobs.map(\.delay.microseconds), jobs.map(\.payload))
    }

    /// Makes sure that a recurring job is there; one that is there already keeps its time.
    public func ensure(_ kind: String, key: String, after delay: Duration = .zero, on executor: any PostgresExecutor)
        async throws
    {
        try await executor.query(JobSQL.ensure.bind(kind, key, delay.microseconds, "{}"))
        wakeups.notify(kind)
    }

    /// Takes jobs of a kind back that have not run yet.
    public func cancel(_ kind: String, keys: [String], in transaction: PostgresTransaction) {
        guard !keys.isEmpty else { return }
        transaction.enqueue(JobSQL.cancel.bind(kind, keys))
    }

    /// Wakes the local runner of a kind, or all.
    public func notify(_ kind: String? = nil) {
        wakeups.notify(kind)
    }
}

extension Duration {
    /// Whole microseconds, Postgres' own resolution.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
