import JetStream
import Logging
import Outbox
import Postgres
import Schema
import ServiceRuntime
import TestSupport
import Testing

/// A consumer as the services have them: a durable pull consumer, an inbox, and an effect in the same transaction, in a
/// database of its own.
struct EffectConsumer {
    /// Adds each event's place in the order of their application.
    private struct Effect: EventHandler {
        func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
            try await transaction.query(
                Statement("insert into effect (event_id, aggregate) values ($1::uuid, $2::text)")
                    .bind(event.id, event.aggregateID))
            return .applied
        }
    }

    static let name = "effects"
    let pool: PostgresPool
    let stream: String

    init(of setting: RelaySetting) async throws {
        stream = setting.stream
        pool = try await TestDatabase.make(SchemaCatalog.outbox).pool(size: 4)
        try await pool.query("create table effect (id bigserial, event_id uuid, aggregate text)")
        try await create(on: setting)
    }

    /// Makes the durable consumer: at the start, and where it went with its stream.
    func create(on setting: RelaySetting) async throws {
        var consumer = ConsumerConfiguration(durableName: Self.name)
        // What was delivered and not answered when its server died comes again after this.
        consumer.ackWait = .seconds(1)
        consumer.maxAckPending = 500
        let configuration = consumer
        try await eventually("the consumer is made", within: .seconds(30)) {
            try await setting.context.createConsumer(stream: stream, configuration)
            return true
        }
    }

    /// Consumes for as long as the body runs.
    func consume(_ setting: RelaySetting, _ body: () async throws -> Void) async throws {
        let connection = try await NATSConnection.connect(setting.nats, logger: .silent)
        let definition = ConsumerDefinition(
            name: Self.name, stream: stream, types: ["\(stream).event.v1"], handler: Effect())
        let runner = ConsumerRunner(
            definition, broker: JetStreamBroker(connection), pool: pool, logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            defer { group.cancelAll() }
            try await body()
        }
        await connection.close()
    }

    /// The ids of the events, in the order in which they were applied.
    func applied() async throws -> [String] {
        try await pool.query("select event_id::text from effect order by id").map { try $0.get(0) }
    }

    /// Waits until each event of the ledger has had its effect, exactly once.
    func untilEachHasItsEffect(_ setting: RelaySetting, within limit: Duration = .seconds(60)) async throws {
        let expected = try await setting.pool.query("select event_id::text from outbox order by event_id")
            .map { try $0.get(0, as: String.self) }
        try await eventually("each event has had its effect", within: limit) {
            try await applied().count >= expected.count
        }
        #expect(try await applied().sorted() == expected)
    }
}
