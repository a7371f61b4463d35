import Logging
import ServiceLifecycle

/// Runs a service for as long as `body` runs, and stops it as a process would.
func withService<Result>(_ service: any Service, _ body: () async throws -> Result) async throws -> Result {
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    let services = ServiceGroup(configuration: .init(services: [service], logger: quiet))
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        do {
            let result = try await body()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            return result
        } catch {
            await services.triggerGracefulShutdown()
            throw error
        }
    }
}
