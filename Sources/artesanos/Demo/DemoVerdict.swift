import Synchronization

/// Whether the demo that runs inside a system of its own went well; false until it has ended.
final class DemoVerdict: Sendable {
    private let value = Mutex(false)

    var isAsExpected: Bool { value.withLock { $0 } }

    func set(_ isAsExpected: Bool) { value.withLock { $0 = isAsExpected } }
}
