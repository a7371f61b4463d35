import Logging
import Synchronization

extension PostgresPool {
    /// After lying idle for this long a connection is looked at before it is lent: reading from its socket tells at no
    /// round trip whether the server has closed it, even if the reactor has not come to that yet.
    private static let trusted = Duration.milliseconds(50)

    /// Takes an idle connection, or waits for one that is given back or opened.
    func acquire() async throws -> PooledConnection {
        let now = ContinuousClock.now
        while let pooled = try takeIdle(now: now) {
            if now - pooled.idleSince < Self.trusted || pooled.core.withState({ $0.isAlive() }) { return pooled }
            discard(pooled)
        }
        let start = ContinuousClock.now
        let id = state.withLock { $0.nextWaiterID() }
        do {
            let pooled = try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { wait(id: id, since: start, $0) }
            } onCancel: {
                cancelWaiter(id)
            }
            metrics.recordWait(.now - start)
            return pooled
        } catch {
            metrics.count(error)
            throw error
        }
    }

    /// Takes a connection back.
    func release(_ pooled: PooledConnection) {
        let now = ContinuousClock.now
        guard pooled.expiry > now, pooled.isReusable else { return discard(pooled) }
        let placement = state.withLock { state in
            state.inUse -= 1
            return state.place(pooled, now: now)
        }
        settle(pooled, placement)
    }

    private func takeIdle(now: ContinuousClock.Instant) throws -> PooledConnection? {
        let (pooled, expired) = try state.withLock { state -> (PooledConnection?, [PooledConnection]) in
            if state.isClosed { throw Self.closedError }
            // Those who wait come first.
            return state.waiting > 0 ? (nil, []) : state.takeIdle(now: now)
        }
        for old in expired { old.core.close() }
        return pooled
    }

    /// Ends a lent connection and makes room for another.
    private func discard(_ pooled: PooledConnection) {
        pooled.core.close()
        state.withLock { $0.inUse -= 1 }
        openIfNeeded()
        finishDraining()
        record()
    }

    func settle(_ pooled: PooledConnection, _ placement: PoolState.Placement) {
        switch placement {
        case .hand(let continuation): continuation.resume(returning: pooled)
        case .kept(let startsChecking): if startsChecking { scheduleCheck() }
        case .discard:
            pooled.core.close()
            finishDraining()
        }
    }

    // MARK: Waiting

    private func wait(id: UInt64, since start: ContinuousClock.Instant, _ continuation: PoolState.Continuation) {
        let waiter = PoolState.Waiter(id: id, deadline: start + acquireTimeout, continuation: continuation)
        let (isClosed, pooled, expired) = state.withLock { state -> (Bool, PooledConnection?, [PooledConnection]) in
            if state.isClosed { return (true, nil, []) }
            // One may have come back meanwhile.
            let (pooled, expired) = state.waiting == 0 ? state.takeIdle(now: .now) : (nil, [])
            if pooled == nil { state.append(waiter) }
            return (false, pooled, expired)
        }
        for old in expired { old.core.close() }
        if isClosed { return continuation.resume(throwing: Self.closedError) }
        if let pooled { return continuation.resume(returning: pooled) }
        // The task may have been cancelled before it waited; then nobody else will tell it.
        if Task.isCancelled { cancelWaiter(id) }
        openIfNeeded()
        startDeadlineTimer()
        record()
    }

    private func cancelWaiter(_ id: UInt64) {
        let waiter = state.withLock { $0.removeWaiter(id) }
        waiter?.continuation.resume(
            throwing: PostgresError(.cancelled, "the task was cancelled while it waited for a connection"))
    }

    /// All wait for the same time, so only the deadline of the first has to be watched.
    private func startDeadlineTimer() {
        let deadline = state.withLock { state -> ContinuousClock.Instant? in
            guard !state.hasDeadlineTimer, let deadline = state.nextDeadline else { return nil }
            state.hasDeadlineTimer = true
            return deadline
        }
        guard let deadline, let reactor = try? Reactor.shared.get() else { return }
        reactor.schedule(after: deadline - .now) { [weak self] in self?.expireWaiters() }
    }

    private func expireWaiters() {
        let (expired, statistics) = state.withLock { state in
            state.hasDeadlineTimer = false
            let statistics = state.statistics
            var expired: [PoolState.Waiter] = []
            while let deadline = state.nextDeadline, deadline <= .now, let waiter = state.popWaiter() {
                expired.append(waiter)
            }
            return (expired, statistics)
        }
        let error = PostgresError(
            .poolExhausted,
            "no connection became free within \(acquireTimeout): the pool has \(statistics.open) of \(statistics.size) "
                + "connections, \(statistics.inUse) in use, and \(statistics.waiting) tasks waiting")
        for waiter in expired { waiter.continuation.resume(throwing: error) }
        startDeadlineTimer()
    }

    // MARK: Opening

    /// Opens connections for those who wait, as far as the size allows.
    func openIfNeeded() {
        while state.withLock({ $0.shouldOpen() }) {
            // Unstructured, because the connection belongs to the pool and not to the task that happened to wait first;
            // its outcome is handed to whoever waits then.
            Task { await self.open() }
        }
    }

    private func open() async {
        do {
            let connection = try await PostgresConnection.connect(configuration, logger: logger)
            let pooled = PooledConnection(connection, expiry: .now + maxLifetime)
            let (placement, wasFailing) = state.withLock { state in
                state.opening -= 1
                state.all.append(pooled)
                defer { state.isFailing = false }
                return (state.place(pooled, now: .now), state.isFailing)
            }
            pooled.core.onClose { [weak self, weak pooled] in
                if let pooled { self?.forget(pooled) }
            }
            if wasFailing { logger.info("Database connections can be opened again") }
            settle(pooled, placement)
            startSampling()
        } catch {
            let (waiter, wasFailing) = state.withLock { state in
                state.opening -= 1
                defer { state.isFailing = true }
                return (state.popWaiter(), state.isFailing)
            }
            if !wasFailing {
                logger.warning("Database connections cannot be opened", metadata: ["error": "\(error)"])
            }
            waiter?.continuation.resume(throwing: error)
            openIfNeeded()
            record()
        }
    }

    /// Drops a connection that has closed. One that is lent out still counts until it comes back.
    private func forget(_ pooled: PooledConnection) {
        state.withLock { $0.remove(pooled) }
        record()
    }
}
