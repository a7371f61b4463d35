import Composition
import TestSupport

@testable import Outbox
@testable import artesanos

extension Marketplace {
    /// Starts all services and relays in a process of their own.
    func serveInProcess() throws -> CommandProcess {
        try CommandProcess(
            ["serve", "all", "--with-relay"], environment: environment.merging(["LOG_LEVEL": "warning"]) { $1 })
    }

    /// Starts a service, or the relay of all, in a process of its own.
    /// - Parameter fault: where it kills itself, as `FaultPoint` reads it.
    func start(_ name: String, dyingAt fault: String? = nil) throws -> CommandProcess {
        var environment = environment.merging(["LOG_LEVEL": "warning", "RELAY_PORT": "0"]) { $1 }
        environment[FaultPoint.key] = fault
        return try CommandProcess(name == "relay" ? ["relay"] : ["serve", name], environment: environment)
    }

    /// The services of the other process answer.
    func untilServing() async throws {
        for service in ServiceName.allCases {
            try await eventually("\(service.rawValue) is ready", within: .seconds(60)) {
                await self.client.isReady(service)
            }
        }
    }
}
