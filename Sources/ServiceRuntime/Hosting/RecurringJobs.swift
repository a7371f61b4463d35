public import Logging
public import Outbox
public import Postgres
public import ServiceLifecycle

/// Makes sure that recurring jobs are scheduled, as soon as the database answers. One that is there already keeps its
/// time, so any number of replicas may do this.
public struct RecurringJobs: Service {
    private let kinds: [String]
    private let queue: JobQueue
    private let pool: PostgresPool
    private let logger: Logger

    /// - Parameter kinds: each becomes one job, whose key is its kind.
    public init(_ kinds: [String], queue: JobQueue, pool: PostgresPool, logger: Logger) {
        self.kinds = kinds
        self.queue = queue
        self.pool = pool
        self.logger = logger
    }

    /// Runs until the service group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await schedule() }
        try? await gracefulShutdown()
    }

    private func schedule() async {
        let pauses = RetryPolicy(maxAttempts: .max, base: .milliseconds(100), cap: .seconds(5))
        var attempt = 0
        while !Task.isCancelled {
            do {
                for kind in kinds { try await queue.ensure(kind, key: kind, on: pool) }
                return
            } catch {
                attempt += 1
                if attempt == 1 {
                    logger.warning("recurring jobs wait for the database", metadata: [LogKey.error: "\(error)"])
                }
                // A pause between tries; cancellation ends it and the loop.
                try? await Task.sleep(for: pauses.delay(attempt: attempt))
            }
        }
    }
}
