public import Logging
import Synchronization

/// A bounded set of connections, opened when they are needed and used again.
///
/// Making a pool opens nothing and starts nothing. A connection goes to the task that waits longest. One that is found
/// closed, or comes back broken, inside a transaction or with an advisory lock, is replaced.
public final class PostgresPool: PostgresExecutor {
    public let configuration: PostgresConfiguration
    let acquireTimeout: Duration
    let maxLifetime: Duration
    let idleCheck: Duration
    let logger: Logger
    let metrics: PoolMetrics
    let state: Mutex<PoolState>

    /// - Parameters:
    ///   - size: how many connections there may be at once.
    ///   - acquireTimeout: how long a task waits for one before it gets ``PostgresError/Code/poolExhausted``.
    ///   - maxLifetime: after which a connection is replaced, so that servers and addresses can change behind it.
    ///   - idleCheck: how long a connection may lie idle before it has to prove that the server still answers. That the
    ///     server closed it is noticed at once in any case.
    public init(
        _ configuration: PostgresConfiguration, size: Int = 10, acquireTimeout: Duration = .seconds(5),
        maxLifetime: Duration = .seconds(1800), idleCheck: Duration = .seconds(30), logger: Logger
    ) {
        self.configuration = configuration
        self.acquireTimeout = acquireTimeout
        self.maxLifetime = maxLifetime
        self.idleCheck = idleCheck
        self.logger = logger
        self.metrics = PoolMetrics(pool: configuration.applicationName)
        self.state = Mutex(PoolState(size: max(1, size)))
    }

    deinit {
        for pooled in state.withLock({ $0.idle }) { pooled.core.close() }
    }

    public var statistics: PostgresPoolStatistics { state.withLock { $0.statistics } }

    // MARK: Use

    /// Lends a connection to `body`. It must not be used after `body` has returned.
    public func withConnection<R>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
        let pooled = try await acquire()
        defer { release(pooled) }
        do {
            return try await body(pooled.connection)
        } catch {
            metrics.count(error)
            throw error
        }
    }

    /// Runs `body` in a transaction on one of the connections; see ``PostgresConnection/withTransaction(isolation:readOnly:_:)``.
    public func withTransaction<R>(
        isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        try await withConnection { connection in
            try await connection.withTransaction(isolation: isolation, readOnly: readOnly, body)
        }
    }

    @discardableResult
    public func query(_ statement: BoundStatement) async throws -> PostgresRows {
        try await withConnection { try await $0.query(statement) }
    }

    @discardableResult
    public func pipeline(_ statements: [BoundStatement]) async throws -> [PostgresRows] {
        if statements.isEmpty { return [] }
        return try await withConnection { try await $0.pipeline(statements) }
    }

    // MARK: The end

    /// Closes the pool: those who wait get ``PostgresError/Code/poolClosed``, idle connections are closed, and those lent
    /// out when they come back. This returns when the last one has, or at the latest after `patience`, when what still
    /// runs is cut off.
    public func close(patience: Duration = .seconds(10)) async {
        let (idle, waiters) = state.withLock { state in
            state.isClosed = true
            var waiters: [PoolState.Waiter] = []
            while let waiter = state.popWaiter() { waiters.append(waiter) }
            defer { state.idle = [] }
            return (state.idle, waiters)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: Self.closedError) }
        for pooled in idle { pooled.core.close() }
        if let reactor = try? Reactor.shared.get() {
            reactor.schedule(after: patience) { [weak self] in
                guard let self else { return }
                for pooled in self.state.withLock({ $0.all }) { pooled.core.close() }
                self.finishDraining(force: true)
            }
        }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isDrained = state.withLock { state in
                if state.inUse > 0 { state.drained.append(continuation) }
                return state.inUse == 0
            }
            if isDrained { continuation.resume() }
        }
        record()
    }

    static let closedError = PostgresError(.poolClosed, "the connection pool is closed")

    /// Lets ``close(patience:)`` return once nothing is lent out.
    func finishDraining(force: Bool = false) {
        let continuations = state.withLock { state in
            guard state.isClosed, force || state.inUse == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.drained = [] }
            return state.drained
        }
        for continuation in continuations { continuation.resume() }
    }

    func record() { metrics.record(statistics) }
}
