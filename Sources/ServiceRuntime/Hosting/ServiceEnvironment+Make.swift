public import JetStream
public import Logging
public import Outbox
import Postgres

extension ServiceEnvironment {
    /// What a service needs, made from the configuration. Nothing is connected yet; ``ServiceHost`` closes the pool.
    /// - Parameters:
    ///   - service: `orders`, `payments` or `inventory`.
    ///   - connection: to NATS, for wake-up hints.
    ///   - relayWakeup: the signal of the service's relay, when that runs in this process.
    /// - Throws: ``ConfigurationError`` when the service's database is not configured.
    public static func make(
        _ service: String, configuration: ArtesanosConfiguration, connection: NATSConnection,
        relayWakeup: Wakeup? = nil, logger: Logger
    ) throws -> ServiceEnvironment {
        guard let database = configuration.database.postgres(of: service) else {
            throw ConfigurationError([
                ConfigurationIssue(key: "\(service.uppercased())_DATABASE_URL", message: "is not set")
            ])
        }
        var logger = logger
        logger[metadataKey: LogKey.service] = "\(service)"
        let pool = PostgresPool(
            database, size: configuration.database.poolSize, acquireTimeout: configuration.database.acquireTimeout,
            logger: logger)
        return ServiceEnvironment(
            pool: pool,
            outbox: OutboxWriter(
                stream: service, hint: NATSWakeup(connection, stream: service, local: relayWakeup)),
            jobs: JobQueue(), logger: logger)
    }
}
