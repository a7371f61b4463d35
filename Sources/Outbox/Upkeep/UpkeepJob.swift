public import Logging
public import Postgres

/// The recurring job that makes partitions ahead and drops those behind: ledger, inbox, idempotency keys.
///
/// One owner at a time: it is a job, claimed like any other. But its work is not in the claiming transaction: each step
/// is one of its own, so that a lock on a partitioned table is never held for longer than its statement takes, and a
/// drop that cannot be had now does not take back the partitions that were made.
public struct UpkeepJob: JobHandler {
    public static let kind = "outbox.upkeep"
    public var kind: String { Self.kind }
    public let retry = RetryPolicy(maxAttempts: .max, base: .seconds(5), cap: .seconds(60))

    /// Until when after it was made an event is known to have been applied, unless told otherwise. Replaying one that is
    /// older can apply it a second time.
    public static let inboxRetention = Duration.days(35)

    private let pool: PostgresPool
    private let outboxRetention: Duration
    private let inboxRetention: Duration
    private let idempotencyKeyRetention: Duration
    private let interval: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - pool: the service's database; one connection more than the job's own is used.
    ///   - outboxRetention: relayed events younger than this are kept; longer than the streams', so that a stream can
    ///     be rebuilt.
    ///   - inboxRetention: longer than any event can come again.
    public init(
        pool: PostgresPool, outboxRetention: Duration = .days(14), inboxRetention: Duration = Self.inboxRetention,
        idempotencyKeyRetention: Duration = .days(2), interval: Duration = .seconds(60), logger: Logger
    ) {
        self.pool = pool
        self.outboxRetention = outboxRetention
        self.inboxRetention = inboxRetention
        self.idempotencyKeyRetention = idempotencyKeyRetention
        self.interval = interval
        self.logger = logger
    }

    public func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        var failure: (any Error)?
        await attempt(&failure) { try await make(UpkeepSQL.createOutboxPartitions, of: "outbox") }
        await attempt(&failure) { try await make(UpkeepSQL.createInboxPartitions, of: "inbox") }
        await attempt(&failure) {
            try await pool.query(UpkeepSQL.purgeIdempotencyKeys.bind(idempotencyKeyRetention.microseconds))
        }
        await attempt(&failure) {
            try await pool.query(UpkeepSQL.purgeInboxDefault.bind(inboxRetention.microseconds))
        }
        await attempt(&failure) { try await drop(UpkeepSQL.dropOutboxPartition.bind(outboxRetention.microseconds)) }
        await attempt(&failure) { try await drop(UpkeepSQL.dropInboxPartition.bind(inboxRetention.microseconds)) }
        if let failure { throw failure }
        return .again(after: interval)
    }

    /// One step's failure must not keep the others from being done: above all not the making of partitions.
    private func attempt(_ failure: inout (any Error)?, _ step: () async throws -> Void) async {
        do { try await step() } catch { failure = failure ?? error }
    }

    private func make(_ statement: Statement, of table: String) async throws {
        let count = try await pool.query(statement.bind()).first?.get(0, as: Int32.self) ?? 0
        if count > 0 { logger.info("partitions made", metadata: ["table": "\(table)", "count": "\(count)"]) }
    }

    /// One after the other, each in a transaction of its own, for as long as one can be had.
    private func drop(_ statement: BoundStatement) async throws {
        while let name = try await pool.query(statement).first?.get(0, as: String?.self) ?? nil {
            logger.info("partition dropped", metadata: ["partition": "\(name)"])
        }
    }
}

extension Duration {
    /// So many days of 24 hours.
    public static func days(_ days: Int) -> Duration { .seconds(days * 86_400) }
}
