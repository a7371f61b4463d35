import Foundation
import Logging
import Outbox
import Postgres
import Schema
import TestSupport

/// A database with a ledger, a broker in memory, and relays between the two.
struct RelayHarness {
    static let stream = "orders"

    let database: TestDatabase
    let pool: PostgresPool
    let broker: InMemoryBroker
    let wakeup = Wakeup()

    init(
        fault: @escaping @Sendable (String, [LedgerMessage]) -> InMemoryBroker.Fault = { _, _ in .none }
    ) async throws {
        database = try await TestDatabase.make(SchemaCatalog.outbox)
        pool = database.pool(size: 10)
        broker = InMemoryBroker(fault: fault)
    }

    var configuration: RelayConfiguration {
        RelayConfiguration(
            stream: Self.stream, database: PostgresConfiguration(database.url, applicationName: "relay"),
            batchSize: 10, batchesInFlight: 3, standbyPoll: .milliseconds(20))
    }

    var writer: OutboxWriter { OutboxWriter(stream: Self.stream, hint: wakeup) }

    func event(_ aggregate: String, _ number: Int) throws -> OutboxEvent {
        try OutboxEvent(
            type: "order.created.v1", aggregateType: "order", aggregateID: aggregate, source: "/test",
            data: ["number": number])
    }

    /// Appends events, each in a transaction of its own.
    func append(_ count: Int, aggregate: String = "a") async throws {
        for number in 0..<count {
            let event = try event(aggregate, number)
            try await pool.withTransaction { writer.append([event], in: $0) }
        }
    }

    /// Runs a relay beside the body, and ends it after.
    func withRelay(_ body: () async throws -> Void) async throws {
        let relay = Relay(configuration: configuration, broker: broker, wakeup: wakeup, logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await relay.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Positions as they stand in the stream.
    var streamPositions: [Int64] { broker.messages(in: Self.stream).map(\.message.position) }

    /// Positions as they stand in the ledger.
    func ledgerPositions() async throws -> [Int64] {
        try await pool.query("select position from outbox order by position").map { try $0.get(0) }
    }

    /// Waits until the stream is what the ledger is: everything, once, in order.
    func streamEqualsLedger(_ what: String = "the stream is a replica of the ledger") async throws {
        try await eventually(what) { streamPositions == (try await ledgerPositions()) }
    }
}

extension Logger {
    /// Says nothing but what went badly wrong.
    static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}
