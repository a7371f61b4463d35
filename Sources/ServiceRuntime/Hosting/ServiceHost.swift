import Hummingbird
public import JetStream
import Logging
public import Outbox
import Postgres
public import ServiceLifecycle

/// Runs one service: HTTP, consumers, jobs, and whatever else it brings.
///
/// HTTP is up from the beginning. Until the service's start checks have passed, only the operational routes are answered
/// for, and all that works or consumes has yet to start.
///
/// A graceful stop goes in this order: readiness off; HTTP finishes what it answers; the service's own background work
/// ends; consumers and jobs finish what they run; the pool is closed. The NATS connection belongs to the caller
/// (``NATSConnectionService``), because several services may share it.
public struct ServiceHost: Service {
    private let service: any ApplicationService
    private let environment: ServiceEnvironment
    private let connection: NATSConnection
    private let broker: any ConsumerBroker
    private let authenticator: Authenticator
    private let telemetry: Telemetry
    private let options: HostOptions
    private let name: String
    private let gate: StartGate
    /// Whether the service is ready.
    public let health: HealthMonitor

    /// - Parameters:
    ///   - service: made from the same `environment`.
    ///   - connection: to NATS, for the readiness check and the consumers' gauges.
    ///   - broker: where the consumers are; nil: JetStream on `connection`.
    ///   - authenticator: verifies access tokens.
    ///   - telemetry: the process's metrics and tracer.
    public init(
        _ service: any ApplicationService, environment: ServiceEnvironment, connection: NATSConnection,
        broker: (any ConsumerBroker)? = nil, authenticator: Authenticator, telemetry: Telemetry, options: HostOptions
    ) {
        self.service = service
        self.environment = environment
        self.connection = connection
        self.broker = broker ?? JetStreamBroker(connection)
        self.authenticator = authenticator
        self.telemetry = telemetry
        self.options = options
        self.name = type(of: service).name
        let checks: [ReadinessCheck] = [
            .postgres(environment.pool), .nats(connection),
            .migrations(options.migrations, pool: environment.pool),
        ]
        self.gate = StartGate(service.startChecks, logger: environment.logger)
        self.health = HealthMonitor(checks + service.readinessChecks + gate.readinessChecks, service: name)
    }

    /// The operational routes and, behind the start gate, the service's own.
    private func router() -> Router<AppRequestContext> {
        let kind = type(of: service)
        let layers = HTTPLayers(
            service: name, authenticator: authenticator, publicRoutes: kind.publicRoutes, tracer: telemetry.tracer,
            logger: environment.logger)
        let operational = OperationalRoutes(
            health: health, metrics: telemetry.metrics,
            metricsPaths: name == "orders" ? ["/metrics", "/orders/metrics"] : ["/metrics"], openAPI: kind.openAPI)
        return layers.router { router in
            operational.add(to: router)
            // For the routes that are added from here on.
            router.add(middleware: StartLayer(gate: gate))
            service.addRoutes(to: router)
        }
    }

    /// Serves until the task is cancelled or the service group around it shuts down gracefully.
    /// - Throws: ``StartRefused`` before anything has been consumed or worked on; when the port cannot be had, or a part of
    ///   the service fails for good.
    public func run() async throws {
        var configuration = ServiceGroupConfiguration(services: parts(), logger: environment.logger)
        configuration.maximumGracefulShutdownDuration = options.shutdownTimeout
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            await environment.pool.close()
            throw error
        }
        // Closed already after a graceful stop; not when the task was cancelled.
        await environment.pool.close()
    }

    /// In the order in which they start; they are stopped in the opposite one.
    private func parts() -> [any Service] {
        [
            PoolCloser(pool: environment.pool),
            GatedServices(gate: gate, services: workers(), logger: environment.logger),
            application(),
            ReadinessGate(health: health),
        ]
    }

    /// What may only start once the start checks have passed, in the order in which it starts.
    private func workers() -> [any Service] {
        let logger = environment.logger
        let upkeep = UpkeepJob(
            pool: environment.pool, outboxRetention: options.outboxRetention, logger: logger)
        var workers: [any Service] = [
            UpkeepGauges(
                service: name, pool: environment.pool, outboxRetention: options.outboxRetention, logger: logger),
            RecurringJobs([UpkeepJob.kind], queue: environment.jobs, pool: environment.pool, logger: logger),
            JobRunner(service.jobs + [upkeep], queue: environment.jobs, pool: environment.pool, logger: logger),
        ]
        if !service.consumers.isEmpty {
            workers.append(ConsumerGauges(service.consumers, on: connection, logger: logger))
        }
        for consumer in service.consumers {
            workers.append(
                ConsumerRunner(
                    LoggedHandler.wrap(consumer), broker: broker, pool: environment.pool,
                    isTracing: telemetry.tracer.isKeepingSpans, logger: logger))
        }
        return workers + service.background
    }

    private func application() -> some ApplicationProtocol {
        Application(
            router: router(),
            configuration: ApplicationConfiguration(address: .hostname(options.host, port: options.port)),
            onServerRunning: { [options, logger = environment.logger] channel in
                let port = channel.localAddress?.port ?? options.port
                logger.info(
                    "service listens", metadata: [LogKey.address: "\(options.host)", LogKey.port: "\(port)"])
                await options.onServing(port)
            },
            logger: Self.quiet(environment.logger))
    }

    /// Hummingbird's own start-up lines say the same as ours.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        return logger
    }
}
