import JetStream
import Logging
import Metrics
import Outbox
import ServiceLifecycle

/// Shows how far a service's consumers are behind their streams. Only JetStream can tell: a consumer that is paused, was
/// deleted, or lacks a permission is told nothing, so that the service itself sees only quiet.
struct ConsumerGauges: Service {
    private let consumers: [(name: String, stream: String)]
    private let context: JetStreamContext
    private let interval: Duration
    private let logger: Logger

    init(
        _ consumers: [ConsumerDefinition], on connection: NATSConnection, interval: Duration = .seconds(15),
        logger: Logger
    ) {
        self.consumers = consumers.map { ($0.name, $0.stream) }
        context = JetStreamContext(connection, timeout: .seconds(5))
        self.interval = interval
        self.logger = logger
    }

    func run() async throws {
        await RegularLook(every: interval, logger: logger, failureMessage: "consumers cannot be looked at, will go on")
            .run([String: ConsumerProgress]()) { try await look($0, at: .now) }
    }

    /// Sets the gauges. A consumer that cannot be looked at has not gone on, as far as anybody knows.
    /// - Parameter progress: what the look before this one returned, by consumer.
    /// - Throws: when one could not be looked at, once all others were.
    func look(
        _ progress: [String: ConsumerProgress], at now: ContinuousClock.Instant
    ) async throws -> [String: ConsumerProgress] {
        var progress = progress
        var failure: (any Error)?
        for consumer in consumers {
            var info: ConsumerInfo?
            do {
                info = try await self.info(consumer.name, of: consumer.stream)
            } catch {
                failure = error
            }
            let outstanding = info.map { $0.pending + UInt64($0.ackPending) } ?? 0
            let stalled = progress[consumer.name, default: ConsumerProgress(at: now)].stalled(
                floor: info?.ackFloor.stream, outstanding: outstanding, at: now)
            let labels = [("consumer", consumer.name)]
            Gauge(label: "inbox_outstanding_events", dimensions: labels).record(Int64(clamping: outstanding))
            Gauge(label: "inbox_stalled_seconds", dimensions: labels).record(stalled / .seconds(1))
        }
        if let failure { throw failure }
        return progress
    }

    /// Nil when the consumer, or its stream, is not there.
    private func info(_ name: String, of stream: String) async throws -> ConsumerInfo? {
        do {
            return try await context.consumerInfo(stream: stream, name)
        } catch {
            guard error.kind == .consumerNotFound || error.kind == .streamNotFound else { throw error }
            return nil
        }
    }
}
