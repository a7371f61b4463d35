public import Postgres

/// What is done when jobs of one kind are due.
public protocol JobHandler: Sendable {
    var kind: String { get }
    /// The most jobs that ``run(_:in:)`` is given at once, all in one transaction. 1 unless told otherwise.
    var batchSize: Int { get }
    /// How many transactions of this kind one process runs side by side. 1 unless told otherwise.
    var concurrency: Int { get }
    /// What happens after a failure.
    var retry: RetryPolicy { get }

    /// Does the work, in the transaction that has claimed the jobs: the effect and the jobs' end commit together
    /// (promise D10). A job that calls the outside world does so here, with the claim held; what it was going to call
    /// was persisted by the transaction that scheduled it, so that a crash repeats the same call.
    ///
    /// Throwing rolls everything back. Of several jobs each is then tried alone, so that one failure costs only itself.
    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome

    /// The job has failed for the last time and stays as dead, with its error. What has to follow from that goes into
    /// the same transaction. Does nothing unless told otherwise.
    func exhausted(_ job: Job, error: String, in transaction: PostgresTransaction) async throws
}

extension JobHandler {
    public var batchSize: Int { 1 }
    public var concurrency: Int { 1 }
    public var retry: RetryPolicy { RetryPolicy() }
    public func exhausted(_ job: Job, error: String, in transaction: PostgresTransaction) async throws {}
}

/// How running jobs ended that did not fail.
public enum JobOutcome: Sendable, Equatable {
    /// The jobs are deleted.
    case done
    /// The jobs run again after this time: a recurring job, or one that is not finished. Not a failure.
    case again(after: Duration)
}
