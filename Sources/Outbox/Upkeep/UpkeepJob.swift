public import Logging
public import Postgres

/// The recurring job that makes partitions ahead and drops those behind: ledger, inbox, idempotency keys.
///
/// One owner at a time: it is a job, claimed like any other.
public struct UpkeepJob: JobHandler {
    public static let kind = "outbox.upkeep"
    public var kind: String { Self.kind }
    public let retry = RetryPolicy(maxAttempts: .max, base: .seconds(5), cap: .seconds(60))

    private let outboxRetention: Duration
    private let inboxRetention: Duration
    private let idempotencyKeyRetention: Duration
    private let interval: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - outboxRetention: relayed events younger than this are kept; longer than the streams', so that a stream can
    ///     be rebuilt.
    ///   - inboxRetention: longer than any event can come again.
    public init(
        outboxRetention: Duration = .days(14), inboxRetention: Duration = .days(35),
        idempotencyKeyRetention: Duration = .days(2), interval: Duration = .seconds(60), logger: Logger
    ) {
        self.outboxRetention = outboxRetention
        self.inboxRetention = inboxRetention
        self.idempotencyKeyRetention = idempotencyKeyRetention
        self.interval = interval
        self.logger = logger
    }

    public func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        let results = try await transaction.pipeline([
            UpkeepSQL.lockTimeout.bind(),
            UpkeepSQL.createOutboxPartitions.bind(),
            UpkeepSQL.createInboxPartitions.bind(),
            UpkeepSQL.dropOutboxPartitions.bind(outboxRetention.microseconds),
            UpkeepSQL.dropInboxPartitions.bind(inboxRetention.microseconds),
            UpkeepSQL.purgeIdempotencyKeys.bind(idempotencyKeyRetention.microseconds),
        ])
        for row in results[3...4].joined() {
            let partition = try row.get(0, as: String.self)
            logger.info("partition dropped", metadata: ["partition": "\(partition)"])
        }
        return .again(after: interval)
    }
}

extension Duration {
    /// So many days of 24 hours.
    public static func days(_ days: Int) -> Duration { .seconds(days * 86_400) }
}
