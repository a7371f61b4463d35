/// Which connections a pool has, and who waits for one. Decides; ``PostgresPool`` acts.
struct PoolState {
    typealias Continuation = CheckedContinuation<PooledConnection, any Error>

    struct Waiter {
        let id: UInt64
        let deadline: ContinuousClock.Instant
        let continuation: Continuation
    }

    /// What to do with a connection that comes free.
    enum Placement {
        case hand(Continuation)
        /// It is idle now. `startsChecking` says that nothing is looking after idle connections yet.
        case kept(startsChecking: Bool)
        case discard
    }

    let size: Int
    /// The one used last is at the end and is used next, so that those that are not needed grow old.
    var idle: [PooledConnection] = []
    /// Those that wait, longest first. Those before `firstWaiter` are gone.
    private var waiters: [Waiter] = []
    private var firstWaiter = 0
    private var lastWaiterID: UInt64 = 0
    /// Connections lent out.
    var inUse = 0
    /// Connections being opened.
    var opening = 0
    /// Connections taken out of `idle` to see whether they still answer.
    var checking = 0
    var isClosed = false
    /// The last attempt to open a connection failed, and that was logged.
    var isFailing = false
    var hasDeadlineTimer = false
    var hasCheckTimer = false
    var isSampling = false
    /// Continued when the last connection has been given back after ``PostgresPool/close()``.
    var drained: [CheckedContinuation<Void, Never>] = []
    /// All that are open, so that closing can end those that are lent out.
    var all: [PooledConnection] = []

    init(size: Int) { self.size = size }

    var open: Int { idle.count + inUse + opening + checking }

    var waiting: Int { waiters.count - firstWaiter }

    var statistics: PostgresPoolStatistics {
        PostgresPoolStatistics(size: size, open: open, inUse: inUse, idle: idle.count, waiting: waiting)
    }

    /// Whether another connection should be opened for those who wait.
    mutating func shouldOpen() -> Bool {
        guard !isClosed, open < size, opening + checking < waiting else { return false }
        opening += 1
        return true
    }

    // MARK: Waiters

    mutating func nextWaiterID() -> UInt64 {
        lastWaiterID += 1
        return lastWaiterID
    }

    mutating func append(_ waiter: Waiter) { waiters.append(waiter) }

    var nextDeadline: ContinuousClock.Instant? { firstWaiter < waiters.count ? waiters[firstWaiter].deadline : nil }

    mutating func popWaiter() -> Waiter? {
        guard firstWaiter < waiters.count else { return nil }
        let waiter = waiters[firstWaiter]
        firstWaiter += 1
        // Taking from the front of an array costs its length: that is done rarely, for many at once.
        if firstWaiter == waiters.count || firstWaiter > 256 {
            waiters.removeFirst(firstWaiter)
            firstWaiter = 0
        }
        return waiter
    }

    mutating func removeWaiter(_ id: UInt64) -> Waiter? {
        guard let index = waiters[firstWaiter...].firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index)
    }

    // MARK: Connections

    /// Takes an idle connection that is younger than its lifetime; those that are not are returned to be closed.
    mutating func takeIdle(now: ContinuousClock.Instant) -> (PooledConnection?, expired: [PooledConnection]) {
        var expired: [PooledConnection] = []
        while let connection = idle.popLast() {
            if connection.expiry > now, !connection.core.isClosed {
                inUse += 1
                return (connection, expired)
            }
            expired.append(connection)
        }
        return (nil, expired)
    }

    /// Finds a place for a connection that is in order: one that was opened or given back, or one that was checked and
    /// stays the one unused for longest.
    mutating func place(
        _ connection: PooledConnection, now: ContinuousClock.Instant, wasChecked: Bool = false
    ) -> Placement {
        if isClosed { return .discard }
        if let waiter = popWaiter() {
            inUse += 1
            return .hand(waiter.continuation)
        }
        connection.idleSince = now
        idle.insert(connection, at: wasChecked ? 0 : idle.count)
        defer { hasCheckTimer = true }
        return .kept(startsChecking: !hasCheckTimer)
    }

    /// Forgets a connection that has closed.
    mutating func remove(_ connection: PooledConnection) {
        idle.removeAll { $0 === connection }
        all.removeAll { $0 === connection }
    }
}
