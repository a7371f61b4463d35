import Synchronization

/// The time-out of what waits for answers: gives up its token, unless it ends before.
final class Expiry: Sendable {
    private enum State {
        case idle
        case running(TimeoutQueue, TimeoutQueue.ID)
        case over
    }

    private let state = Mutex(State.idle)

    func start(_ token: UInt64, after timeout: Duration, _ core: ConnectionCore) {
        let id = core.timeouts.schedule(after: timeout) {
            core.abandon(token, NATSError(.timeout, "no acknowledgement within \(timeout)\(core.hint)"))
        }
        let isLate = state.withLock { state in
            if case .over = state { return true }
            state = .running(core.timeouts, id)
            return false
        }
        if isLate { core.timeouts.cancel(id) }
    }

    func end() {
        let was = state.withLock { state in
            defer { state = .over }
            return state
        }
        if case .running(let queue, let id) = was { queue.cancel(id) }
    }
}
