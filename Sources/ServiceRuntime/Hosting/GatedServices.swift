import Logging
import ServiceLifecycle

/// Opens a service's start gate, and then runs what had to wait for that. A stop that comes before leaves them unstarted.
struct GatedServices: Service {
    let gate: StartGate
    /// In the order in which they start; they are stopped in the opposite one.
    let services: [any Service]
    let logger: Logger

    func run() async throws {
        guard try await isOpened() else { return }
        try await ServiceGroup(services: services, logger: logger).run()
    }

    /// - Returns: false when the end came first.
    private func isOpened() async throws -> Bool {
        do {
            try await cancelWhenGracefulShutdown { try await gate.open() }
            return true
        } catch is CancellationError {
            return false
        }
    }
}
