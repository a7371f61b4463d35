import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the reactor tells when its socket is ready. Called on the reactor's thread: it must not block.
protocol ReactorHandler: AnyObject, Sendable {
    func socketReady(readable: Bool, writable: Bool)
}

/// One thread that waits for all sockets, and for time to pass.
///
/// Handlers are held strongly until they are removed.
final class Reactor: Sendable {
    private struct Timer {
        var deadline: ContinuousClock.Instant
        var action: @Sendable () -> Void
    }

    private struct State {
        var handlers: [UInt64: any ReactorHandler] = [:]
        var lastToken: UInt64 = 0
        /// Sorted by deadline, the next one last. Timers are few: pools have one or two each.
        var timers: [Timer] = []
        var isRunning = false
    }

    /// The reactor of all connections of the process.
    static let shared = Result<Reactor, PostgresError> { () throws(PostgresError) in
        #if os(Linux)
            try Reactor(poller: EpollPoller())
        #else
            try Reactor(poller: PollPoller())
        #endif
    }

    private let poller: any Poller
    private let state = Mutex(State())

    init(poller: any Poller) { self.poller = poller }

    /// Watches a socket; returns the token to name it by. Tokens are never used twice, unlike descriptors.
    func add(socket: Int32, handler: any ReactorHandler) throws(PostgresError) -> UInt64 {
        try startIfNeeded()
        let token = state.withLock { state in
            state.lastToken += 1
            state.handlers[state.lastToken] = handler
            return state.lastToken
        }
        do throws(PostgresError) {
            try poller.add(socket: socket, token: token)
        } catch {
            _ = state.withLock { $0.handlers.removeValue(forKey: token) }
            throw error
        }
        return token
    }

    func setWriteInterest(_ interested: Bool, socket: Int32, token: UInt64) {
        poller.setWriteInterest(interested, socket: socket, token: token)
    }

    /// Stops watching. A call that is under way on the reactor's thread may still come.
    func remove(socket: Int32, token: UInt64) {
        poller.remove(socket: socket, token: token)
        _ = state.withLock { $0.handlers.removeValue(forKey: token) }
    }

    /// Runs a short action on the reactor's thread after a time.
    func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) {
        let deadline = ContinuousClock.now + delay
        let isNext = state.withLock { state in
            let index = state.timers.firstIndex { $0.deadline <= deadline } ?? state.timers.endIndex
            state.timers.insert(Timer(deadline: deadline, action: action), at: index)
            return index == state.timers.endIndex - 1
        }
        // Without a thread there is no timer either; whoever then opens a connection is told.
        try? startIfNeeded()
        if isNext { poller.wake() }
    }

    private func startIfNeeded() throws(PostgresError) {
        let mustStart = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return }
        guard SystemThread.start({ [self] in run() }) else {
            state.withLock { $0.isRunning = false }
            throw PostgresError(.connection, "no thread can be started to watch the connections")
        }
    }

    private func run() {
        var ready: [SocketReadiness] = []
        var handlers: [((any ReactorHandler), SocketReadiness)] = []
        while true {
            poller.wait(milliseconds: millisecondsToNextTimer(), into: &ready)
            state.withLock { state in
                for readiness in ready {
                    if let handler = state.handlers[readiness.token] { handlers.append((handler, readiness)) }
                }
            }
            for (handler, readiness) in handlers {
                handler.socketReady(readable: readiness.readable, writable: readiness.writable)
            }
            ready.removeAll(keepingCapacity: true)
            handlers.removeAll(keepingCapacity: true)
            runTimers()
        }
    }

    private func millisecondsToNextTimer() -> Int32 {
        guard let next = state.withLock({ $0.timers.last?.deadline }) else { return -1 }
        // Rounded up: waking early would only mean waiting again.
        return Int32(clamping: max(0, (next - .now).milliseconds + 1))
    }

    private func runTimers() {
        while true {
            let action = state.withLock { state -> (@Sendable () -> Void)? in
                guard let next = state.timers.last, next.deadline <= .now else { return nil }
                return state.timers.removeLast().action
            }
            guard let action else { return }
            action()
        }
    }
}
