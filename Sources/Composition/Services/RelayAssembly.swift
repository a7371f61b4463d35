public import JetStream
public import Logging
public import Outbox
import Postgres
public import ServiceLifecycle
public import ServiceRuntime

/// The relays of some services' ledgers, each with the hints that wake it.
public struct RelayAssembly: Sendable {
    /// The signals of the relays: writers of the same process notify them without a way over the network.
    public let wakeups: [ServiceName: Wakeup]
    private let configuration: ArtesanosConfiguration
    private let connection: NATSConnection
    private let isTracing: Bool
    private let logger: Logger

    /// - Parameters:
    ///   - names: whose ledgers.
    ///   - isTracing: whether events of sampled traces get a span of their way to the stream.
    public init(
        _ names: [ServiceName], configuration: ArtesanosConfiguration, connection: NATSConnection,
        isTracing: Bool = false, logger: Logger
    ) {
        self.wakeups = Dictionary(uniqueKeysWithValues: names.map { ($0, Wakeup()) })
        self.configuration = configuration
        self.connection = connection
        self.isTracing = isTracing
        self.logger = logger
    }

    /// The relays and the listeners for hints from other processes, as one service: they start and stop all at once, so
    /// that none waits for another one's database or stream. Empty when no ledgers are relayed.
    /// - Throws: `ConfigurationError` when a database is not configured.
    public func services() throws -> [any Service] {
        let broker = JetStreamBroker(connection, atomicBatches: .init(from: configuration.relay.atomicFrom))
        let sorted = wakeups.sorted { $0.key.rawValue < $1.key.rawValue }
        let members = try sorted.flatMap { name, wakeup -> [any Service] in
            guard var database = configuration.database.postgres(of: name.rawValue) else {
                throw ConfigurationError([
                    ConfigurationIssue(key: "\(name.rawValue.uppercased())_DATABASE_URL", message: "is not set")
                ])
            }
            database.applicationName = "artesanos-relay-\(name.rawValue)"
            var relaying = RelayConfiguration(
                stream: name.stream, database: database, batchSize: configuration.relay.batchSize,
                batchesInFlight: configuration.relay.batchesInFlight)
            relaying.isTracing = isTracing
            let relay = Relay(configuration: relaying, broker: broker, wakeup: wakeup, logger: logger)
            return [relay, NATSWakeupListener(connection, stream: name.stream, wakeup: wakeup, logger: logger)]
        }
        return members.isEmpty ? [] : [RelayGroup(members: members)]
    }
}
