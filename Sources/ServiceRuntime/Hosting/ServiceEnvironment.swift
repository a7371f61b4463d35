public import Logging
public import Outbox
public import Postgres

/// What a service is made from.
public struct ServiceEnvironment: Sendable {
    /// The service's own database.
    public let pool: PostgresPool
    /// Appends to the service's ledger.
    public let outbox: OutboxWriter
    /// The service's scheduled jobs.
    public let jobs: JobQueue
    public let logger: Logger

    public init(pool: PostgresPool, outbox: OutboxWriter, jobs: JobQueue, logger: Logger) {
        self.pool = pool
        self.outbox = outbox
        self.jobs = jobs
        self.logger = logger
    }
}
