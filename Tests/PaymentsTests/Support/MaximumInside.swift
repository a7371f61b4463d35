import Synchronization

/// Counts who is inside at the same time.
final class MaximumInside: Sendable {
    private let state = Mutex((inside: 0, maximum: 0, seen: 0))

    var maximum: Int { state.withLock { $0.maximum } }
    var seen: Int { state.withLock { $0.seen } }

    func enter() {
        state.withLock { state in
            state.inside += 1
            state.seen += 1
            state.maximum = max(state.maximum, state.inside)
        }
    }

    func leave() { state.withLock { $0.inside -= 1 } }
}
