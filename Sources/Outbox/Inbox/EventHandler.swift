public import Postgres
import ServiceContextModule

/// Applies events to a service's state.
public protocol EventHandler: Sendable {
    /// Applies one event. The inbox row is already there, in the same transaction, so an event never comes twice.
    ///
    /// Throwing rolls everything back: the event is tried again, and dead-lettered when the tries are used up.
    func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome

    /// Applies several events, all in one transaction; the default applies one after the other, each under
    /// the trace that it came with. Answers in the same order.
    func handle(batch: [InboundEvent], in transaction: PostgresTransaction) async throws -> [HandlerOutcome]
}

extension EventHandler {
    public func handle(batch: [InboundEvent], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        var outcomes: [HandlerOutcome] = []
        outcomes.reserveCapacity(batch.count)
        for event in batch {
            let outcome = try await ServiceContext.withTraceparent(event.traceparent) {
                try await handle(event, in: transaction)
            }
            outcomes.append(outcome)
        }
        return outcomes
    }
}

/// How an event ended that did not fail.
public enum HandlerOutcome: Sendable, Equatable {
    /// Its effect is in the transaction.
    case applied
    /// It needs no effect, for this reason: stale, or not for us.
    case ignored(String)
    /// It cannot be understood, for example an unknown version: kept aside as a dead letter, to be re-driven by a
    /// release that knows it.
    case parked(String)
}

/// One durable consumer of a service, and what it does.
public struct ConsumerDefinition: Sendable {
    /// The durable consumer's name: it is also the consumer's name in the inbox.
    public let name: String
    public let stream: String
    /// The event types that the handler knows; others are parked.
    public let types: Set<String>
    public let handler: any EventHandler
    /// Messages a fetch, and at most so many a transaction.
    public let batchSize: Int
    /// Failures of the handler after which an event is dead-lettered. Failures of the database or the broker do not
    /// count; that a statement was not done within `statement_timeout` does, for it may be the event's own fault.
    public let maxAttempts: Int
    /// The pause between tries of one event.
    public let retry: RetryPolicy

    public init(
        name: String, stream: String, types: [String], handler: any EventHandler, batchSize: Int = 100,
        maxAttempts: Int = 5, retryBase: Duration = .milliseconds(200), retryCap: Duration = .seconds(30)
    ) {
        self.name = name
        self.stream = stream
        self.types = Set(types)
        self.handler = handler
        self.batchSize = batchSize
        self.maxAttempts = maxAttempts
        self.retry = RetryPolicy(maxAttempts: maxAttempts, base: retryBase, cap: retryCap)
    }
}
