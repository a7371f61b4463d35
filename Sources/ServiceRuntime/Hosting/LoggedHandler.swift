import Outbox
import Postgres

/// Puts what a handler logs under the event and the consumer that it is about.
struct LoggedHandler: EventHandler {
    let handler: any EventHandler
    let consumer: String

    func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
        try await LogContext.with(eventID: event.id.lowercased, eventType: event.type, consumer: consumer) {
            try await handler.handle(event, in: transaction)
        }
    }

    func handle(batch: [InboundEvent], in transaction: PostgresTransaction) async throws -> [HandlerOutcome] {
        let only = batch.count == 1 ? batch.first : nil
        return try await LogContext.with(eventID: only?.id.lowercased, eventType: only?.type, consumer: consumer) {
            try await handler.handle(batch: batch, in: transaction)
        }
    }

    /// The same consumer, with its handler wrapped.
    static func wrap(_ definition: ConsumerDefinition) -> ConsumerDefinition {
        ConsumerDefinition(
            name: definition.name, stream: definition.stream, types: Array(definition.types),
            handler: LoggedHandler(handler: definition.handler, consumer: definition.name),
            batchSize: definition.batchSize, maxAttempts: definition.maxAttempts, retryBase: definition.retry.base,
            retryCap: definition.retry.cap)
    }
}
