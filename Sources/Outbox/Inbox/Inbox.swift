import Foundation
import Postgres

/// Applies events once each: the inbox row, the effect and the outgoing events are one transaction (promise D6).
struct Inbox: Sendable {
    let consumer: ConsumerDefinition
    let pool: PostgresPool

    /// Applies events in one transaction. Those that this consumer has had are left out, and those that it cannot
    /// understand are parked.
    /// - Returns: for each event that was applied or had been before: what came of it.
    func apply(_ events: [InboundEvent]) async throws -> [UUID: Applied] {
        try await pool.withTransaction { transaction in
            try await self.apply(events, in: transaction)
        }
    }

    /// The same in a transaction of the caller's.
    func apply(_ events: [InboundEvent], in transaction: PostgresTransaction) async throws -> [UUID: Applied] {
        let claimed = try await transaction.query(InboxSQL.claim.bind(consumer.name, events.map(\.id)))
        let new = Set(try claimed.map { try $0.get(0, as: UUID.self) })
        var applied: [UUID: Applied] = [:]
        var known: [InboundEvent] = []
        var taken: Set<UUID> = []
        for event in events {
            guard new.contains(event.id), taken.insert(event.id).inserted else {
                applied[event.id] = applied[event.id] ?? .duplicate
                continue
            }
            if consumer.types.contains(event.type) {
                known.append(event)
            } else {
                let reason = "no handler for the type \(event.type)"
                transaction.enqueue(park(event, reason: reason))
                applied[event.id] = .handled(.parked(reason))
            }
        }
        guard !known.isEmpty else { return applied }
        let outcomes = try await consumer.handler.handle(batch: known, in: transaction)
        for (event, outcome) in zip(known, outcomes) {
            if case .parked(let reason) = outcome { transaction.enqueue(park(event, reason: reason)) }
            applied[event.id] = .handled(outcome)
        }
        return applied
    }

    private func park(_ event: InboundEvent, reason: String) -> BoundStatement {
        InboxSQL.deadLetter.bind(
            consumer.name, "parked", event.id, event.type, event.aggregateID, event.stream,
            Int64(event.streamSequence), event.json, event.traceparent, reason, 1)
    }

    /// Keeps a message aside that could not be applied. The event has no inbox row, so that re-driving applies it.
    func deadLetter(_ delivery: any Delivery, event: InboundEvent?, error: String, attempts: Int) async throws {
        try await pool.query(
            InboxSQL.deadLetter.bind(
                consumer.name, "dead", event?.id, delivery.subject, event?.aggregateID ?? "", consumer.stream,
                Int64(delivery.streamSequence), delivery.payload, event?.traceparent, error, attempts))
    }

    /// What came of one event.
    enum Applied: Equatable {
        case duplicate
        case handled(HandlerOutcome)
    }
}
