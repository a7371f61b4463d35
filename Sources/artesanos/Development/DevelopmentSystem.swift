import Composition
import Foundation
import JetStream
import Logging
import Postgres
import ServiceLifecycle
import ServiceRuntime
import StripeSandbox

/// Everything on this machine, in one process: private servers, Stripe's stand-in, services and relays.
struct DevelopmentSystem: Sendable {
    let folder: DevelopmentFolder
    /// Deleted at the end, with all its data.
    var isTemporary = false
    /// Settings over the environment's, such as short deadlines.
    var settings: [String: String] = [:]
    let telemetry: Telemetry
    let logger: Logger

    /// Starts all, runs `body` once orders can be placed, and stops all when a signal asks for it or a part fails.
    /// - Throws: what a part or `body` threw; `UsageFailure` when another one runs in the same folder.
    func run(_ body: @escaping @Sendable (Running) async throws -> Void) async throws {
        if let other = DevelopmentState.ofRunning(in: folder) {
            throw UsageFailure(
                "the development system of \(folder.shownPath) runs already (process \(other.pid)): use it, or stop it "
                    + "first")
        }
        try folder.make()
        let environment = ProcessInfo.processInfo.environment.merging(settings) { $1 }
        var ports = PortChooser(folder, environment: environment)
        let plan = try DevelopmentPlan(&ports, folder: folder, environment: environment, isTemporary: isTemporary)
        try ports.save()
        for note in ports.notes { Output.line(note) }
        let servers = try await PrivateServers.start(
            in: isTemporary ? nil : folder, postgresPort: plan.postgresPort, natsPort: plan.natsPort, logger: logger)
        do {
            try await serve(plan, servers, body)
        } catch {
            await servers.stop()
            throw error
        }
        await servers.stop()
    }

    private func serve(
        _ plan: DevelopmentPlan, _ servers: PrivateServers, _ body: @escaping @Sendable (Running) async throws -> Void
    ) async throws {
        let configuration = try plan.configuration(servers)
        let system = SystemAssembly(
            hosted: ServiceName.allCases, relayed: ServiceName.allCases, relayPort: plan.relayPort,
            configuration: configuration, telemetry: telemetry, logger: logger)
        let connection = try await system.connect()
        var services: [any Service] = []
        do {
            try await DevelopmentSetUp(configuration: configuration, connection: connection, logger: logger).run()
            // The sandbox ends last: what still runs may have to call it.
            if let sandbox = plan.sandbox { services.append(try StripeSandboxServer(sandbox, logger: logger)) }
            services += try await system.services(on: connection)
        } catch {
            await connection.close()
            throw error
        }
        let lifetime = ProcessLifetime(
            services, shutdownTimeout: min(configuration.shutdownTimeout, .seconds(10)), logger: logger)
        defer { DevelopmentState.remove(in: folder) }
        try await lifetime.run {
            let state = plan.state(servers, configuration)
            try await DevelopmentReadiness(state: state, configuration: configuration).wait()
            try state.write(in: folder)
            try await body(Running(state: state, configuration: configuration, lifetime: lifetime))
        }
    }

    /// A system that is ready.
    struct Running: Sendable {
        let state: DevelopmentState
        /// Holds the secrets too, which ``state`` does not.
        let configuration: ArtesanosConfiguration
        let lifetime: ProcessLifetime
    }
}
