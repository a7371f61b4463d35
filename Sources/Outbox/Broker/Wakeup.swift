import Synchronization

/// Told after a commit that there may be work. A lost hint costs only the polling interval, never an event.
public protocol WakeupHint: Sendable {
    func notify()
}

/// A coalescing signal between tasks of one process: any number of notifications before a wait end that one wait.
public final class Wakeup: WakeupHint {
    private struct State {
        var isPending = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextID = 0
    }

    private let state = Mutex(State())

    public init() {}

    public func notify() {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            if state.waiters.isEmpty { state.isPending = true }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for a notification, for as long as `limit`, or until the task is cancelled.
    /// - Returns: whether it was the notification that ended the wait.
    @discardableResult
    public func wait(upTo limit: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.signal()
                return true
            }
            group.addTask {
                // The time-out of the wait, not a wait for something to have happened.
                try? await Task.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func signal() async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.isPending || Task.isCancelled {
                        if !Task.isCancelled { state.isPending = false }
                        return true
                    }
                    state.waiters[id] = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
