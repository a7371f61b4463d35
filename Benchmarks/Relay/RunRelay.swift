import ArgumentParser
import Foundation
import JetStream
import Logging
import Outbox
import Postgres
import ServiceLifecycle
import ServiceRuntime

/// `benchmarks run-relay`: the relay that is measured, in a process of its own, put together as `artesanos relay` does.
struct RunRelay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run-relay", abstract: "One relay, until standard input ends.", shouldDisplay: false)

    static let applicationName = "bench-relay"

    @Option var database: String
    @Option var nats: String
    @Option var batch: Int
    @Option var inFlight: Int
    /// From which batch size on batches are atomic; 0: never; the default of the broker when missing.
    @Option var atomicFrom = 32
    /// Publishes through libnats, as with TLS.
    @Flag var throughLibnats = false

    func run() async throws {
        // The benchmark's end, however it comes about, is this process's end too.
        Thread.detachNewThread {
            _ = try? FileHandle.standardInput.readToEnd()
            Foundation.exit(0)
        }
        var logger = Logger(label: "relay")
        logger.logLevel = .warning
        let connection = try await NATSConnection.connect(
            NATSConfiguration(servers: [nats], writesDirectly: !throughLibnats), logger: logger)
        let broker = JetStreamBroker(connection, atomicBatches: .init(from: atomicFrom))
        let wakeup = Wakeup()
        let stream = RelayBenchServers.stream
        let relay = Relay(
            configuration: RelayConfiguration(
                stream: stream,
                database: PostgresConfiguration(database, applicationName: Self.applicationName),
                batchSize: batch, batchesInFlight: inFlight),
            broker: broker, wakeup: wakeup, logger: logger)
        let listener = NATSWakeupListener(connection, stream: stream, wakeup: wakeup, logger: logger)
        try await ServiceGroup(services: [relay, listener], logger: logger).run()
    }
}
