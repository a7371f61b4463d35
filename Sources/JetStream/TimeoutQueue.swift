import Dispatch
import Synchronization

/// Time-outs of requests: cheap to set and to cancel (nearly all are cancelled), run on a queue of their own.
///
/// A heap of deadlines with one pending wake-up for the earliest; a cancelled entry stays in the heap until its time
/// or until too many such have piled up.
final class TimeoutQueue: Sendable {
    typealias ID = UInt64

    private struct Entry {
        let deadline: UInt64
        let id: ID
    }

    private struct State {
        var nextID: ID = 0
        var actions: [ID: @Sendable () -> Void] = [:]
        var heap: [Entry] = []
        /// The uptime in nanoseconds at which the next wake-up comes; nil if none is set.
        var armed: UInt64?
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "nats.timeouts")

    /// Runs `action` after `delay`, unless ``cancel(_:)`` comes first.
    func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> ID {
        let deadline = DispatchTime.now().uptimeNanoseconds &+ UInt64(max(0, delay.nanoseconds))
        let (id, wake) = state.withLock { state in
            state.nextID += 1
            state.actions[state.nextID] = action
            Self.push(Entry(deadline: deadline, id: state.nextID), to: &state.heap)
            let wake = state.armed.map { deadline < $0 } ?? true
            if wake { state.armed = deadline }
            return (state.nextID, wake)
        }
        if wake { arm(deadline) }
        return id
    }

    func cancel(_ id: ID) {
        state.withLock { state in
            state.actions[id] = nil
            if state.heap.count > 64 + 4 * state.actions.count {
                // Sorted by deadline, so it is a heap again.
                state.heap = state.heap.filter { state.actions[$0.id] != nil }.sorted { $0.deadline < $1.deadline }
            }
        }
    }

    private func arm(_ deadline: UInt64) {
        queue.asyncAfter(deadline: DispatchTime(uptimeNanoseconds: deadline)) { self.fire() }
    }

    private func fire() {
        let now = DispatchTime.now().uptimeNanoseconds
        let (due, next) = state.withLock { state in
            var due: [@Sendable () -> Void] = []
            while let first = state.heap.first, first.deadline <= now || state.actions[first.id] == nil {
                Self.pop(&state.heap)
                if let action = state.actions.removeValue(forKey: first.id) { due.append(action) }
            }
            let next = state.heap.first?.deadline
            state.armed = next
            return (due, next)
        }
        if let next { arm(next) }
        for action in due { action() }
    }

    private static func push(_ entry: Entry, to heap: inout [Entry]) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private static func pop(_ heap: inout [Entry]) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
