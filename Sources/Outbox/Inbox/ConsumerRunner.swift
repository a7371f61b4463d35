public import Logging
import Metrics
public import Postgres
public import ServiceLifecycle
import Synchronization

/// Runs one durable consumer: fetches, applies, answers; for ever.
///
/// A batch is one transaction. When it fails, its events are applied one by one, so that one that cannot be applied
/// costs only itself: it is tried again with growing pauses, and dead-lettered when its tries are used up (promise D7).
/// When the database or the broker is away, the runner waits; that costs no event a try.
public final class ConsumerRunner: Service {
    private let inbox: Inbox
    private let consumer: ConsumerDefinition
    private let broker: any ConsumerBroker
    private let logger: Logger
    private let metrics: ConsumerMetrics
    private let isTracing: Bool
    private let isStopping = Atomic(false)
    private let stop = Wakeup()

    /// - Parameters:
    ///   - consumer: what to consume, and with which handler.
    ///   - pool: the service's database.
    ///   - isTracing: whether the handling of each event of a trace gets a span; for a tracer that keeps spans.
    public init(
        _ consumer: ConsumerDefinition, broker: any ConsumerBroker, pool: PostgresPool, isTracing: Bool = false,
        logger: Logger
    ) {
        self.consumer = consumer
        self.inbox = Inbox(consumer: consumer, pool: pool)
        self.broker = broker
        var logger = logger
        logger[metadataKey: "consumer"] = "\(consumer.name)"
        self.logger = logger
        self.metrics = ConsumerMetrics(consumer: consumer.name)
        self.isTracing = isTracing
    }

    /// Consumes until the task is cancelled or the service group shuts down gracefully: what was fetched is applied
    /// and answered first.
    public func run() async throws {
        await withGracefulShutdownHandler {
            await work()
        } onGracefulShutdown: {
            self.isStopping.store(true, ordering: .relaxed)
            self.stop.notify()
        }
    }

    private var goesOn: Bool { !isStopping.load(ordering: .relaxed) && !Task.isCancelled }

    private func work() async {
        var backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
        var tries = Tries(trace: ConsumerTrace(consumer: consumer.name))
        var isInterrupted = false
        while goesOn {
            do {
                let subscription = try await broker.subscription(stream: consumer.stream, durable: consumer.name)
                while goesOn {
                    guard let deliveries = try await fetch(subscription) else { return }
                    if isInterrupted { logger.info("consumer goes on") }
                    isInterrupted = false
                    backoff.reset()
                    if !deliveries.isEmpty { try await apply(deliveries, tries: &tries) }
                }
            } catch {
                guard goesOn else { return }
                // Said once an outage, however long it lasts.
                if !isInterrupted {
                    logger.warning("consumer interrupted, will go on", metadata: ["error": "\(error)"])
                }
                isInterrupted = true
                await stop.wait(upTo: backoff.next())
            }
        }
    }

    /// Fetches, but does not make a graceful stop wait for a message to come.
    /// - Returns: nil when the runner stops.
    private func fetch(_ subscription: any ConsumerSubscription) async throws -> [any Delivery]? {
        try await withThrowingTaskGroup(of: [any Delivery]?.self) { group in
            group.addTask { [consumer] in
                try await subscription.fetch(max: consumer.batchSize, wait: .seconds(5))
            }
            group.addTask {
                while self.goesOn { await self.stop.wait(upTo: .seconds(60)) }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Failures of the handler that are being tried again, known to this process. A restart forgets them, which costs
    /// a few tries more.
    private struct Tries {
        var failures: [UInt64: Int] = [:]
        var gate = AggregateGate()
        var trace: ConsumerTrace
    }

    /// A message that killed the process before it could be counted here comes again and again: past this many
    /// deliveries it is dead-lettered at its first failure.
    private static let suspiciousDeliveries = 50

    /// How long an aggregate's later events are held beyond the time at which the earlier one should have come again:
    /// it may have gone to another process of the same consumer.
    private static let redeliveryGrace = Duration.seconds(30)

    private func apply(_ deliveries: [any Delivery], tries: inout Tries) async throws {
        let started = ContinuousClock.now
        defer {
            metrics.batch.record(duration: ContinuousClock.now - started)
            tries.trace.endAll()
        }
        var batch: [(delivery: any Delivery, event: InboundEvent)] = []
        for delivery in deliveries {
            var event: InboundEvent
            do {
                event = try InboundEvent(
                    json: delivery.payload, stream: consumer.stream, streamSequence: delivery.streamSequence,
                    deliveryCount: delivery.deliveryCount)
            } catch {
                try await deadLetter(delivery, event: nil, error: "not a CloudEvent: \(error)", attempts: 1)
                continue
            }
            if tries.gate.holds(aggregate: event.aggregateID, sequence: event.streamSequence) {
                postpone(delivery, event, for: consumer.retry.delay(attempt: 1), tries: &tries)
            } else {
                if isTracing { tries.trace.begin(&event) }
                batch.append((delivery, event))
            }
        }
        guard !batch.isEmpty else { return }
        do {
            let applied = try await inbox.apply(batch.map(\.event))
            #if DEBUG
                FaultPoint.ofProcess?.passed("consumer.\(consumer.name)")
            #endif
            for (delivery, event) in batch { settle(delivery, event, applied[event.id], tries: &tries) }
        } catch {
            try await applyOneByOne(batch, because: error, tries: &tries)
        }
    }

    private func applyOneByOne(
        _ batch: [(delivery: any Delivery, event: InboundEvent)], because error: any Error, tries: inout Tries
    ) async throws {
        logger.debug("batch failed, applying one by one", metadata: ["error": "\(error)"])
        for (index, (delivery, event)) in batch.enumerated() {
            if tries.gate.holds(aggregate: event.aggregateID, sequence: event.streamSequence) {
                postpone(delivery, event, for: consumer.retry.delay(attempt: 1), tries: &tries)
                continue
            }
            do {
                let applied = try await inbox.apply([event])
                settle(delivery, event, applied[event.id], tries: &tries)
            } catch  where isInterruption(error) {
                // Not the event's fault. All that is left comes again, in order.
                for (delivery, event) in batch[index...] {
                    postpone(delivery, event, for: .milliseconds(100), tries: &tries)
                }
                throw error
            } catch {
                try await retryOrDeadLetter(delivery, event, error: error, tries: &tries)
            }
        }
    }

    private func isInterruption(_ error: any Error) -> Bool {
        error is CancellationError || (error as? PostgresError)?.isTransient == true
    }

    private func retryOrDeadLetter(
        _ delivery: any Delivery, _ event: InboundEvent, error: any Error, tries: inout Tries
    ) async throws {
        let failures = (tries.failures[event.streamSequence] ?? 0) + 1
        let isSuspicious = delivery.deliveryCount >= Self.suspiciousDeliveries
        guard failures < consumer.maxAttempts && !isSuspicious else {
            tries.trace.end(event, "dead_lettered", error: error)
            try await deadLetter(delivery, event: event, error: "\(error)", attempts: failures)
            tries.failures[event.streamSequence] = nil
            tries.gate.release(aggregate: event.aggregateID, sequence: event.streamSequence)
            return
        }
        tries.failures[event.streamSequence] = failures
        metrics.retried.increment()
        tries.trace.end(event, "retried", error: error)
        logger.warning(
            "event failed, will be tried again",
            metadata: metadata(event).merging(["attempt": "\(failures)", "error": "\(error)"]) { $1 })
        postpone(delivery, event, for: consumer.retry.delay(attempt: failures), tries: &tries)
    }

    /// Has the event delivered again later, and holds those behind it of the same aggregate.
    private func postpone(_ delivery: any Delivery, _ event: InboundEvent, for delay: Duration, tries: inout Tries) {
        tries.gate.block(
            aggregate: event.aggregateID, sequence: event.streamSequence, until: .now + delay + Self.redeliveryGrace)
        delivery.retry(after: delay)
    }

    private func settle(
        _ delivery: any Delivery, _ event: InboundEvent, _ applied: Inbox.Applied?, tries: inout Tries
    ) {
        delivery.acknowledge()
        tries.failures[event.streamSequence] = nil
        tries.gate.release(aggregate: event.aggregateID, sequence: event.streamSequence)
        switch applied {
        case .handled(.applied):
            tries.trace.end(event, "applied")
            metrics.applied.increment()
        case .handled(.ignored(let reason)):
            tries.trace.end(event, "ignored")
            metrics.ignored.increment()
            logger.debug("event ignored", metadata: metadata(event).merging(["reason": "\(reason)"]) { $1 })
        case .handled(.parked(let reason)):
            tries.trace.end(event, "parked")
            metrics.parked.increment()
            logger.error("event parked", metadata: metadata(event).merging(["reason": "\(reason)"]) { $1 })
        case .duplicate, nil:
            tries.trace.end(event, "duplicate")
            metrics.duplicates.increment()
        }
    }

    private func deadLetter(
        _ delivery: any Delivery, event: InboundEvent?, error: String, attempts: Int
    ) async throws {
        try await inbox.deadLetter(delivery, event: event, error: error, attempts: attempts)
        // Only now: a crash before this line brings the message again, and the row above is an upsert.
        delivery.terminate(reason: "dead-lettered")
        metrics.deadLetters.increment()
        logger.error(
            "event dead-lettered",
            metadata: (event.map(metadata) ?? ["sequence": "\(delivery.streamSequence)"])
                .merging(["attempts": "\(attempts)", "error": "\(error)"]) { $1 })
    }

    private func metadata(_ event: InboundEvent) -> Logger.Metadata {
        [
            "event_id": "\(event.id.lowercased)", "event_type": "\(event.type)",
            "aggregate_id": "\(event.aggregateID)", "sequence": "\(event.streamSequence)",
        ]
    }
}
