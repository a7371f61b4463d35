import Foundation
import LocalServers
import Logging
import Postgres
import Schema
import TestSupport
import Testing

@testable import Outbox

/// A database with a ledger, a broker in memory, and relays between the two.
struct RelayHarness {
    static let stream = "orders"

    let database: TestDatabase
    let pool: PostgresPool
    let broker: InMemoryBroker
    let wakeup = Wakeup()

    /// Changes what the relays are configured with.
    var configure: @Sendable (inout RelayConfiguration) -> Void = { _ in }

    /// - Parameter server: nil for the shared one.
    init(
        on server: LocalPostgres? = nil,
        fault: @escaping @Sendable (String, [LedgerMessage]) -> InMemoryBroker.Fault = { _, _ in .none }
    ) async throws {
        database = try await TestDatabase.make(SchemaCatalog.outbox, on: server)
        pool = database.pool(size: 10)
        broker = InMemoryBroker(fault: fault)
    }

    var configuration: RelayConfiguration {
        var configuration = RelayConfiguration(
            stream: Self.stream, database: database.configuration(applicationName: "relay"),
            batchSize: 10, batchesInFlight: 3, idlePoll: .milliseconds(20), standbyPoll: .milliseconds(20))
        configure(&configuration)
        return configuration
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
    /// - Parameter observer: told of each of its steps, and may throw it out of its run there.
    func withRelay(
        observedBy observer: (@Sendable (RelayStep) async throws -> Void)? = nil, _ body: () async throws -> Void
    ) async throws {
        let relay = Relay(configuration: configuration, broker: broker, wakeup: wakeup, logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await RelayStep.$observer.withValue(observer) { try await relay.run() } }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Positions as they stand in the stream.
    var streamPositions: [Int64] { broker.messages(in: Self.stream).map(\.message.position) }

    /// The numbers that an aggregate's events carry, as they stand in the stream.
    func numbers(of aggregate: String) throws -> [Int] {
        struct Event: Decodable {
            struct Number: Decodable { let number: Int }
            let subject: String?
            let data: Number
        }
        return try broker.messages(in: Self.stream)
            .map { try JSONDecoder().decode(Event.self, from: Data($0.message.payload)) }
            .filter { $0.subject == aggregate }
            .map(\.data.number)
    }

    /// Positions as they stand in the ledger.
    func ledgerPositions() async throws -> [Int64] {
        try await pool.query("select position from outbox order by position").map { try $0.get(0) }
    }

    /// Now, whatever is under way, the stream is the ledger's beginning.
    func streamBeginsAsLedger(_ location: SourceLocation = #_sourceLocation) async throws {
        let stream = streamPositions
        let ledger = try await ledgerPositions()
        #expect(stream == Array(ledger.prefix(stream.count)), sourceLocation: location)
    }

    /// Waits until the stream is what the ledger is: everything, once, in order.
    func streamEqualsLedger(_ what: String = "the stream is a replica of the ledger") async throws {
        try await eventually(what, within: .seconds(60)) { streamPositions == (try await ledgerPositions()) }
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
