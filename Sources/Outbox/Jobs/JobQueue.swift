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
        transaction.enqueue(try statement(kind: kind, key: key, after: delay, at: date, payload: payload))
        // Waking all workers for a deadline that is minutes away costs each of them two questions to the database; they
        // find it by their poll.
        guard Self.isSoon(delay, date) else { return }
        transaction.afterCommit { [wakeups] in wakeups.notify(kind) }
    }

    /// Whether a job may be due before the runners' next poll, however far this process's clock is off (within reason).
    private static func isSoon(_ delay: Duration, _ date: Date?) -> Bool {
        date.map { $0.timeIntervalSinceNow < 60 } ?? (delay < .seconds(1))
    }

    /// The insert alone, for a pipeline of one round trip; call ``notify(_:)`` when it has succeeded.
    /// - Throws: `EncodingError`.
    public func statement(
        kind: String, key: String?, after delay: Duration = .zero, at date: Date? = nil,
        payload: some Encodable & Sendable
    ) throws -> BoundStatement {
        JobSQL.schedule.bind(
            kind, key, date, delay.microseconds, String(decoding: try WireJSON.encode(payload), as: UTF8.self))
    }

    /// Makes sure that a recurring job is there; one that is there already keeps its time.
    public func ensure(_ kind: String, key: String, after delay: Duration = .zero, on executor: any PostgresExecutor)
        async throws
    {
        try await executor.query(JobSQL.ensure.bind(kind, key, delay.microseconds, "{}"))
        wakeups.notify(kind)
    }

    /// Takes a job back, if it has not run yet.
    public func cancel(_ kind: String, key: String, in transaction: PostgresTransaction) {
        transaction.enqueue(cancelStatement(kind: kind, key: key))
    }

    /// Taking a job back, for a pipeline.
    public func cancelStatement(kind: String, key: String) -> BoundStatement {
        JobSQL.cancel.bind(kind, key)
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
