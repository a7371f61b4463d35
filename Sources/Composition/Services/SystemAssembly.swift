public import JetStream
public import Logging
import Outbox
public import ServiceLifecycle
public import ServiceRuntime

/// Services and relays, composed to run in one process. Every service keeps its own database, port and consumers, so
/// that running them together or apart is only this composition.
public struct SystemAssembly: Sendable {
    /// Which services to host.
    public var hosted: [ServiceName]
    /// Whose ledgers to relay.
    public var relayed: [ServiceName]
    /// Where probes and metrics of the relays are served; nil: nowhere, as in a process that hosts services anyway.
    public var relayPort: Int?
    public var configuration: ArtesanosConfiguration
    public var telemetry: Telemetry
    public var logger: Logger
    /// Told of each port once requests are accepted; nil stands for the relays' endpoint.
    public var onServing: @Sendable (ServiceName?, Int) async -> Void

    public init(
        hosted: [ServiceName], relayed: [ServiceName], relayPort: Int? = nil, configuration: ArtesanosConfiguration,
        telemetry: Telemetry, logger: Logger,
        onServing: @escaping @Sendable (ServiceName?, Int) async -> Void = { _, _ in }
    ) {
        self.hosted = hosted
        self.relayed = relayed
        self.relayPort = relayPort
        self.configuration = configuration
        self.telemetry = telemetry
        self.logger = logger
        self.onServing = onServing
    }

    /// What has to be configured for it.
    public var requirements: Set<ArtesanosConfiguration.Requirement> {
        Self.requirements(hosted: hosted, relayed: relayed)
    }

    /// What has to be configured to host these services and relay these ledgers.
    public static func requirements(
        hosted: [ServiceName], relayed: [ServiceName]
    ) -> Set<ArtesanosConfiguration.Requirement> {
        var requirements = Set((hosted + relayed).map { ArtesanosConfiguration.Requirement.database($0.rawValue) })
        if !hosted.isEmpty { requirements.insert(.tokens) }
        if hosted.contains(.payments) { requirements.insert(.stripe) }
        return requirements
    }

    /// A connection to NATS. When no server answers yet it is tried for ever: services may start before the broker does.
    /// - Throws: `NATSError` when the settings cannot work.
    public func connect() async throws -> NATSConnection {
        var nats = configuration.nats
        nats.retryInitialConnect = false
        // Relays publish as fast as the server takes it; services publish a hint now and then.
        nats.writesDirectly = !relayed.isEmpty
        if let connection = try? await NATSConnection.connect(nats, logger: logger) { return connection }
        // In the background from here on. Settings that cannot work are thrown here too.
        nats.retryInitialConnect = true
        return try await NATSConnection.connect(nats, logger: logger)
    }

    /// All that has to run, in the order of its start: a stop goes the other way, so that services end before the
    /// relays, which take the last events along, and the connection ends last.
    /// - Throws: `ConfigurationError`.
    public func services(on connection: NATSConnection) async throws -> [any Service] {
        // Relays have settled what they sent before the connection ends; services may still owe acknowledgements.
        let drainTimeout: Duration = hosted.isEmpty ? .milliseconds(250) : .seconds(10)
        var services: [any Service] =
            telemetry.background + [NATSConnectionService(connection, drainTimeout: drainTimeout, logger: logger)]
        let relays = RelayAssembly(
            relayed, configuration: configuration, connection: connection,
            isTracing: telemetry.tracer.isKeepingSpans, logger: logger)
        if let relayPort {
            services.append(
                RelayEndpoint(
                    host: configuration.http.host, port: relayPort, connection: connection, metrics: telemetry.metrics,
                    logger: logger, onServing: { [onServing] port in await onServing(nil, port) }))
        }
        services += try relays.services()
        let authenticator = try await Authenticator(configuration.auth)
        for name in hosted {
            let environment = try ServiceEnvironment.make(
                name.rawValue, configuration: configuration, connection: connection,
                relayWakeup: relays.wakeups[name], logger: logger)
            services.append(
                ServiceHost(
                    try ServiceAssembly.service(name, environment: environment, configuration: configuration),
                    environment: environment, connection: connection, authenticator: authenticator,
                    telemetry: telemetry,
                    options: HostOptions(
                        configuration, service: name.rawValue, migrations: name.migrations,
                        onServing: { [onServing] port in await onServing(name, port) })))
        }
        return services
    }
}
