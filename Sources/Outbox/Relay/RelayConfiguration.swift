public import Postgres

/// How one relay works: one database's ledger to one stream.
public struct RelayConfiguration: Sendable {
    /// The stream, of which this relay is the only writer.
    public var stream: String
    /// The service's database.
    public var database: PostgresConfiguration
    /// Rows a batch.
    public var batchSize: Int
    /// Batches handed to the broker and not yet acknowledged.
    public var batchesInFlight: Int
    /// The poll when there was work just now; it doubles up to `idlePoll` while there is none.
    public var busyPoll: Duration
    /// The longest time between two looks at the ledger when no hint comes.
    public var idlePoll: Duration
    /// How often the stream is looked at although there is nothing to relay: was it purged, or did it lose its end?
    public var streamPoll: Duration
    /// How often a standby tries to take over.
    public var standbyPoll: Duration
    /// How long a graceful stop waits for what is in flight.
    public var stopGrace: Duration

    /// Whether each event of a sampled trace gets a span of its way from the ledger to the stream. It costs a column more
    /// of each row, so only with a tracer that keeps spans.
    public var isTracing = false

    public init(
        stream: String, database: PostgresConfiguration, batchSize: Int = 1_000, batchesInFlight: Int = 4,
        busyPoll: Duration = .milliseconds(1), idlePoll: Duration = .milliseconds(250),
        streamPoll: Duration = .seconds(10),
        standbyPoll: Duration = .milliseconds(500), stopGrace: Duration = .milliseconds(500)
    ) {
        self.stream = stream
        self.database = database
        self.batchSize = batchSize
        self.batchesInFlight = batchesInFlight
        self.busyPoll = busyPoll
        self.idlePoll = idlePoll
        self.streamPoll = streamPoll
        self.standbyPoll = standbyPoll
        self.stopGrace = stopGrace
    }
}
