import Synchronization

/// The report of a load that runs inside a system of its own.
final class LoadVerdict: Sendable {
    private let report = Mutex<LoadReport?>(nil)

    func set(_ value: LoadReport) { report.withLock { $0 = value } }

    /// - Throws: `CheckFailed` when the system was stopped before the load had ended.
    func get() throws -> LoadReport {
        guard let report = report.withLock({ $0 }) else { throw CheckFailed("stopped before the load had ended") }
        return report
    }
}
