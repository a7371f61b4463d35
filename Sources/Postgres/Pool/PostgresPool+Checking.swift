import Synchronization

extension PostgresPool {
    /// How often the gauges are brought up to date. Doing it at each lending would cost more than the lending.
    private static let samplingInterval = Duration.seconds(1)

    /// Starts the gauges' upkeep, which ends when the pool has no connection left.
    func startSampling() {
        record()
        let mustStart = state.withLock { state in
            defer { state.isSampling = true }
            return !state.isSampling
        }
        if mustStart { scheduleSample() }
    }

    private func scheduleSample() {
        guard let reactor = try? Reactor.shared.get() else { return }
        reactor.schedule(after: Self.samplingInterval) { [weak self] in
            guard let self else { return }
            record()
            let goesOn = state.withLock { state in
                state.isSampling = state.open > 0
                return state.isSampling
            }
            if goesOn { scheduleSample() }
        }
    }

    /// Looks after idle connections after ``idleCheck``.
    func scheduleCheck() {
        guard let reactor = try? Reactor.shared.get() else { return }
        reactor.schedule(after: idleCheck) { [weak self] in self?.check() }
    }

    /// Closes idle connections that are too old, and asks the server through the others whether it still answers.
    private func check() {
        let now = ContinuousClock.now
        let (old, silent, goesOn) = state.withLock { state in
            let old = state.idle.filter { $0.expiry <= now }
            let silent = state.idle.filter { $0.expiry > now && now - $0.idleSince >= idleCheck }
            state.idle.removeAll { $0.expiry <= now || now - $0.idleSince >= idleCheck }
            state.checking += silent.count
            state.hasCheckTimer = !state.isClosed && !state.all.isEmpty
            return (old, silent, state.hasCheckTimer)
        }
        for pooled in old { pooled.core.close() }
        for pooled in silent {
            // Unstructured, because a timer has nobody to wait for it; the connection is taken back at its end.
            Task { await self.check(pooled) }
        }
        if goesOn { scheduleCheck() }
    }

    private func check(_ pooled: PooledConnection) async {
        let core = pooled.core
        core.withState { $0.isPinging = true }
        core.reactor.schedule(after: acquireTimeout) { [weak core] in
            core?.withState { state in
                if state.isPinging { state.close(PostgresError(.connection, "the server does not answer")) }
            }
        }
        let isAlive = (try? await pooled.connection.ping()) != nil
        core.withState { $0.isPinging = false }
        let placement = state.withLock { state in
            state.checking -= 1
            return isAlive ? state.place(pooled, now: .now, wasChecked: true) : .discard
        }
        settle(pooled, placement)
        openIfNeeded()
    }
}
