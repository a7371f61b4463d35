import Logging
import Synchronization

/// What a service has to pass before it serves, consumes or works.
final class StartGate: Sendable {
    private let checks: [StartCheck]
    private let logger: Logger
    private let isPassed = Atomic(false)

    init(_ checks: [StartCheck], logger: Logger) {
        self.checks = checks
        self.logger = logger
    }

    /// Not ready until the gate is passed; nothing for a service without start checks.
    var readinessChecks: [ReadinessCheck] {
        guard !checks.isEmpty else { return [] }
        return [
            ReadinessCheck(name: "start") { [self] in
                guard isPassed.load(ordering: .acquiring) else {
                    throw NotReady("waits for: \(checks.map(\.name).joined(separator: ", "))")
                }
            }
        ]
    }

    /// Returns when the service may start.
    /// - Parameter onWait: called once, when it has to wait.
    /// - Throws: ``StartRefused``; `CancellationError` when it is stopped before.
    func pass(onWait: () -> Void) async throws {
        var isTold = false
        for check in checks {
            try await check.pass(logger: logger) {
                if !isTold { onWait() }
                isTold = true
            }
        }
        isPassed.store(true, ordering: .releasing)
    }
}
