import CoreMetrics
import JetStream
import LocalServers
import Outbox
import Postgres
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite struct ConsumerGaugesTests {
    private struct Nothing: EventHandler {
        func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
            .applied
        }
    }

    @Test func aConsumerWithNothingToDoOrThatGoesOnIsNotStalled() {
        let start = ContinuousClock.now
        var progress = ConsumerProgress(at: start)
        #expect(progress.stalled(floor: 0, outstanding: 0, at: start + .seconds(100)) == .zero)
        #expect(progress.stalled(floor: 0, outstanding: 5, at: start + .seconds(115)) == .seconds(15))
        #expect(progress.stalled(floor: 3, outstanding: 5, at: start + .seconds(130)) == .zero)
        #expect(progress.stalled(floor: 3, outstanding: 2, at: start + .seconds(145)) == .seconds(15))
        // It vanishes, and comes back with what it knew.
        #expect(progress.stalled(floor: nil, outstanding: 0, at: start + .seconds(160)) == .seconds(30))
        #expect(progress.stalled(floor: 3, outstanding: 2, at: start + .seconds(175)) == .seconds(45))
        #expect(progress.stalled(floor: 3, outstanding: 0, at: start + .seconds(190)) == .zero)
    }

    @Test func pausedAndDeletedConsumersAreSeen() async throws {
        let name = UniqueName.next("gauges")
        let connection = try await NATSConnection.connect(
            NATSConfiguration(servers: [try await TestServers.nats().url]), logger: .test)
        let context = JetStreamContext(connection)
        try await context.createStream(StreamConfiguration(name: name, subjects: ["\(name).>"]))
        try await context.createConsumer(stream: name, ConsumerConfiguration(durableName: "c"))
        _ = try await context.publish(JetStreamMessage(subject: "\(name).x", payload: [1]))

        let metrics = PrometheusRegistry()
        try await withMetricsFactory(metrics) {
            let definition = ConsumerDefinition(name: "c", stream: name, types: [], handler: Nothing())
            let gauges = ConsumerGauges([definition], on: connection, logger: .test)
            func shown() async -> [String] {
                await metrics.exposition().split(separator: "\n").map(String.init).filter { $0.hasPrefix("inbox_") }
            }
            let start = ContinuousClock.now
            var progress = try await gauges.look([:], at: start)
            progress = try await gauges.look(progress, at: start + .seconds(20))
            #expect(
                await shown() == [
                    #"inbox_outstanding_events{consumer="c"} 1"#, #"inbox_stalled_seconds{consumer="c"} 20"#,
                ])
            let consumer = context.pullConsumer(stream: name, durable: "c")
            for delivery in try await consumer.fetch(max: 1, expires: .seconds(5)) { delivery.ack() }
            try await eventually("it is acknowledged") {
                try await context.consumerInfo(stream: name, "c").ackFloor.stream == 1
            }
            progress = try await gauges.look(progress, at: start + .seconds(40))
            #expect(
                await shown() == [
                    #"inbox_outstanding_events{consumer="c"} 0"#, #"inbox_stalled_seconds{consumer="c"} 0"#,
                ])
            try await context.deleteConsumer(stream: name, "c")
            progress = try await gauges.look(progress, at: start + .seconds(75))
            #expect(await shown().last == #"inbox_stalled_seconds{consumer="c"} 35"#)
        }
        await connection.close()
    }
}
