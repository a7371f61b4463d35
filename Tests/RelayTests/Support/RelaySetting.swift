import CoreMetrics
import Foundation
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import Schema
import ServiceLifecycle
import ServiceRuntime
import TestSupport

/// A ledger, a stream on a real nats-server, and the relays between the two that a test runs.
struct RelaySetting: Sendable {
    /// Also the first token of its subjects.
    let stream: String
    let database: TestDatabase
    let pool: PostgresPool
    /// The test's own connection: for looking and for disturbing.
    let admin: NATSConnection
    let log = RecordedLog()
    let metrics = RecordedMetrics()
    let wakeup = Wakeup()
    var configuration: RelayConfiguration
    var nats: NATSConfiguration
    var batches: JetStreamBroker.AtomicBatches
    /// Short, because what a refused permission or a fallen leader swallows is never answered. What is only late is
    /// found in the stream.
    var publishTimeout = Duration.seconds(2)
    /// How long the broker's answers to the test itself may take.
    let answerTimeout: Duration

    /// - Parameters:
    ///   - batches: how the relay publishes.
    ///   - servers: nil for the shared server.
    ///   - user: `user:password@` for the relay; the test itself connects without.
    ///   - database: nil for a fresh one on the shared server.
    ///   - existing: a stream that is there already; nil makes one.
    ///   - change: what the stream is to be like.
    static func make(
        _ batches: JetStreamBroker.AtomicBatches, on servers: [String]? = nil, user: String = "",
        database given: TestDatabase? = nil, stream existing: String? = nil,
        _ change: (inout StreamConfiguration) -> Void = { _ in }
    ) async throws -> RelaySetting {
        let urls: [String]
        if let servers { urls = servers } else { urls = [try await TestServers.nats().url] }
        let database: TestDatabase
        if let given { database = given } else { database = try await TestDatabase.make(SchemaCatalog.outbox) }
        let stream = existing ?? UniqueName.next("relay")
        let setting = RelaySetting(
            stream: stream, database: database, pool: database.pool(size: 4),
            admin: try await NATSConnection.connect(quickly(urls), logger: .silent),
            configuration: RelayConfiguration(
                stream: stream, database: database.configuration(applicationName: "relay"),
                batchSize: 50, batchesInFlight: 4, standbyPoll: .milliseconds(50)),
            nats: quickly(urls.map { $0.replacingOccurrences(of: "nats://", with: "nats://\(user)") }),
            batches: batches,
            // A cluster without a leader never answers; one server does, if late.
            answerTimeout: urls.count > 1 ? .seconds(2) : .seconds(60))
        if existing == nil { try await setting.makeStream(change) }
        return setting
    }

    /// Ends what the setting holds.
    func close() async {
        await admin.close()
        await pool.close()
    }

    private static func quickly(_ urls: [String]) -> NATSConfiguration {
        var configuration = NATSConfiguration.patient(urls, name: "relay-test")
        configuration.reconnectWait = .milliseconds(20)
        configuration.reconnectMaxWait = .milliseconds(200)
        configuration.writesDirectly = true
        return configuration
    }

    // MARK: - Stream

    var context: JetStreamContext { JetStreamContext(admin, timeout: answerTimeout) }

    /// Makes the stream, or makes it anew. A cluster takes a while until it can.
    func makeStream(_ change: (inout StreamConfiguration) -> Void = { _ in }) async throws {
        var configuration = StreamConfiguration(name: stream, subjects: ["\(stream).>"])
        configuration.allowAtomic = true
        change(&configuration)
        try await eventually("the stream is made", within: .seconds(30)) {
            try await context.createStream(configuration)
            return true
        }
    }

    func updateStream(_ change: (inout StreamConfiguration) -> Void) async throws {
        var configuration = try await context.streamInfo(stream).configuration
        change(&configuration)
        try await context.updateStream(configuration)
    }

    /// What the stream holds, in its order.
    func stored() async throws -> [StoredMessage] {
        let state = try await context.streamInfo(stream).state
        guard state.messages > 0 else { return [] }
        var messages: [StoredMessage] = []
        for sequence in state.firstSequence...state.lastSequence {
            if let message = try await context.message(stream: stream, sequence: sequence) { messages.append(message) }
        }
        return messages
    }

    /// The positions that the stream's messages carry, in its order.
    func streamPositions() async throws -> [Int64] {
        try await stored().map { $0.headers["Outbox-Position"].flatMap { Int64($0) } ?? -1 }
    }

    // MARK: - Ledger

    /// An event whose subject is the stream's name and `kind`.
    func event(_ number: Int, aggregate: String, kind: String = "event.v1", size: Int = 0) throws -> OutboxEvent {
        struct Body: Encodable {
            let number: Int
            let filling: String
        }
        return try OutboxEvent(
            type: kind.hasPrefix("=") ? String(kind.dropFirst()) : "\(stream).\(kind)", aggregateType: "order",
            aggregateID: aggregate, source: "/test",
            data: Body(number: number, filling: String(repeating: "x", count: size)))
    }

    /// Appends events in one transaction.
    func append(_ events: [OutboxEvent]) async throws {
        let writer = OutboxWriter(stream: stream, hint: wakeup)
        try await pool.withTransaction { writer.append(events, in: $0) }
    }

    /// Appends so many plain events of ten aggregates, a hundred a transaction.
    func append(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 100) {
            try await append((start..<min(start + 100, count)).map { try event($0, aggregate: "a\($0 % 10)") })
        }
    }

    func ledgerPositions() async throws -> [Int64] {
        try await pool.query("select position from outbox order by position").map { try $0.get(0) }
    }

    /// The positions that the relay dead-lettered.
    func deadPositions() async throws -> [Int64] {
        try await pool.query("select stream_sequence from dead_letter where consumer = 'relay' order by 1")
            .map { try $0.get(0) }
    }

    /// Waits until the stream is the ledger without what was dead-lettered: everything, once, in order.
    func streamEqualsLedger(within limit: Duration = .seconds(60)) async throws {
        var difference = ""
        do {
            try await eventually("the stream is a replica of the ledger", within: limit) {
                let dead = Set(try await deadPositions())
                let expected = try await ledgerPositions().filter { !dead.contains($0) }
                let last = try await context.streamInfo(stream).state.lastSequence
                difference = "\(last) messages of \(expected.count)"
                guard last >= UInt64(expected.count) else { return false }
                let positions = try await streamPositions()
                if let index = zip(positions, expected).enumerated().first(where: { $1.0 != $1.1 })?.offset {
                    difference += ", at \(index): \(positions[index...].prefix(5)), not \(expected[index...].prefix(5))"
                }
                return positions == expected
            }
        } catch {
            throw Difference(description: "\(error); the stream has \(difference)")
        }
    }

    private struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    /// Waits until each event of the ledger is in the stream, at least once and in order: for a stream that also has
    /// what the ledger has lost.
    func untilEachEventIsStored(within limit: Duration = .seconds(60)) async throws {
        let events = try await pool.query("select event::text from outbox order by position").map {
            try $0.get(0, as: String.self)
        }
        try await eventually("each event of the ledger is in the stream", within: limit) {
            let stored = try await stored().map { String(decoding: $0.payload, as: UTF8.self) }
            var rest = events[...]
            for payload in stored where payload == rest.first { rest.removeFirst() }
            return rest.isEmpty
        }
    }

    // MARK: - Relay

    /// A relay on a connection of its own.
    func withConnectedRelay(_ body: (Relay, JetStreamBroker) async throws -> Void) async throws {
        let connection = try await NATSConnection.connect(nats, logger: .silent)
        let broker = JetStreamBroker(connection, atomicBatches: batches, publishTimeout: publishTimeout)
        let relay = withMetricsFactory(metrics) {
            Relay(configuration: configuration, broker: broker, wakeup: wakeup, logger: log.logger)
        }
        do {
            try await body(relay, broker)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    /// Runs a relay beside the body, and ends it after.
    func withRelay(_ body: () async throws -> Void) async throws {
        try await withConnectedRelay { relay, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await relay.run() }
                defer { group.cancelAll() }
                try await body()
            }
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}
