import Synchronization

/// One wake-up a kind of job, shared by a queue and the runners of the same process.
final class JobWakeups: Sendable {
    private let byKind = Mutex<[String: [Wakeup]]>([:])

    /// A wake-up of its own for each worker: a notification reaches them all.
    func register(_ kind: String) -> Wakeup {
        let wakeup = Wakeup()
        byKind.withLock { $0[kind, default: []].append(wakeup) }
        return wakeup
    }

    func notify(_ kind: String?) {
        let wakeups = byKind.withLock { byKind in
            kind.map { byKind[$0] ?? [] } ?? byKind.values.flatMap { $0 }
        }
        for wakeup in wakeups { wakeup.notify() }
    }
}
