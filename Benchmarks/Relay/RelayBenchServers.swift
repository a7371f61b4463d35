import Foundation
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import Schema

/// The servers that a relay works between, with a ledger and a stream.
struct RelayBenchServers {
    static let stream = "orders"

    let postgres: LocalPostgres
    let nats: LocalNATS
    let context: JetStreamContext
    let control: PostgresConnection

    var database: String { postgres.connectionString(database: "bench") }

    /// - Parameter syncsAlways: whether nats-server syncs to disk before it acknowledges.
    static func start(syncsAlways: Bool) async throws -> RelayBenchServers {
        let postgres = try await LocalPostgres.start(settings: TransactionBenchmark.settings)
        let nats = try await LocalNATS.start(jetStream: syncsAlways ? "sync_interval: always" : "")
        try await postgres.createDatabase("bench")
        let control = try await PostgresConnection.connect(
            PostgresConfiguration(postgres.connectionString(database: "bench")))
        _ = try await Migrator(SchemaCatalog.outbox).up(control)
        let connection = try await NATSConnection.connect(
            NATSConfiguration(servers: [nats.url]), logger: Logger(label: "benchmarks"))
        return RelayBenchServers(
            postgres: postgres, nats: nats, context: JetStreamContext(connection), control: control)
    }

    func stop() async {
        await control.close()
        await context.connection.close()
        await nats.stop()
        await postgres.stop()
    }

    /// Replaces what is in the ledger.
    func fill(rows: Int, bytes: Int = 400) async throws {
        try await control.runScript(RelayBenchSQL.empty)
        try await append(rows: rows, bytes: bytes)
    }

    func append(rows: Int, bytes: Int = 400) async throws {
        guard rows > 0 else { return }
        try await control.query(RelayBenchSQL.partitions, Int32(rows / 1_000_000 + 2))
        let step = max(1, min(100_000, 100_000_000 / bytes))
        for start in stride(from: 0, to: rows, by: step) {
            try await control.query(RelayBenchSQL.fill, Int64(min(step, rows - start)), Int32(bytes))
        }
        try await control.runScript("vacuum (analyze, freeze) outbox")
        try await control.runScript("checkpoint")
    }

    /// A new stream, and a relay that has never run.
    func reset() async throws {
        try await control.query(RelayBenchSQL.endRelays, RunRelay.applicationName)
        try await control.query(RelayBenchSQL.forgetCursor)
        do {
            try await context.deleteStream(Self.stream)
        } catch {
            guard error.kind == .streamNotFound else { throw error }
        }
        var configuration = StreamConfiguration(name: Self.stream, subjects: ["order.>"])
        configuration.storage = .file
        configuration.allowAtomic = true
        try await context.createStream(configuration)
    }

    /// Waits until the stream holds so many messages.
    func wait(for count: Int, within limit: Duration = .seconds(150), while child: Child) async throws -> StreamInfo {
        let end = ContinuousClock.now + limit
        while true {
            let info = try await context.streamInfo(Self.stream)
            if info.state.messages >= count { return info }
            guard ContinuousClock.now < end, child.isRunning || info.state.messages >= count else {
                throw Child.Failure(description: "the stream has \(info.state.messages) of \(count) messages")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
