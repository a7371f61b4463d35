import Logging
import Postgres
import Synchronization

/// Closed until a service's start checks have passed; open from the beginning when it has none. While it is closed, the
/// server answers for the operational routes only (``StartLayer``), and nothing is consumed or worked on
/// (``GatedServices``).
final class StartGate: Sendable {
    private let checks: [StartCheck]
    private let logger: Logger
    /// What keeps it closed; nil once it is open.
    private let obstacle: Mutex<String?>

    init(_ checks: [StartCheck], logger: Logger) {
        self.checks = checks
        self.logger = logger
        self.obstacle = Mutex(checks.first?.name)
    }

    var isOpen: Bool { obstacle.withLock { $0 == nil } }

    /// `start`, which says what keeps the gate closed; none for a service without start checks.
    var readinessChecks: [ReadinessCheck] {
        guard !checks.isEmpty else { return [] }
        return [
            ReadinessCheck(name: "start") { [self] in
                if let obstacle = obstacle.withLock({ $0 }) { throw NotReady("waits for \(obstacle)") }
            }
        ]
    }

    /// Returns when all checks have passed and the gate is open. While the database is away, nobody can tell: it waits.
    /// - Throws: ``StartRefused`` or whatever else ended a check for good; `CancellationError`.
    func open(pause: Duration = .seconds(1)) async throws {
        for check in checks { try await pass(check, pause: pause) }
        obstacle.withLock { $0 = nil }
    }

    private func pass(_ check: StartCheck, pause: Duration) async throws {
        obstacle.withLock { $0 = check.name }
        var isTold = false
        while true {
            do {
                return try await check.run()
            } catch _ where Task.isCancelled {
                throw CancellationError()
            } catch let error as PostgresError where error.isTransient {
                obstacle.withLock { $0 = "\(check.name): \(error)" }
                if !isTold {
                    logger.warning(
                        "start waits for the database",
                        metadata: [LogKey.check: "\(check.name)", LogKey.error: "\(error)"])
                }
                isTold = true
            }
            try await Task.sleep(for: pause)
        }
    }
}
