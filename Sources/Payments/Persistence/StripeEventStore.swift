import Contracts
import Foundation
import Outbox
import Postgres

/// How far an event of Stripe's has come.
enum StripeEventState: String, Codable, Sendable, Hashable, CaseIterable, PostgresEncodable, PostgresDecodable {
    case processed
    /// Its PaymentIntent is not known yet, or Stripe is being asked about it.
    case pending
    /// It is nothing to this service.
    case ignored
    /// It could not be applied; it is tried again when Stripe delivers it again, or by hand.
    case failed
}

/// How an event came here.
enum StripeEventSource: String, Codable, Sendable, Hashable, PostgresEncodable {
    case webhook, reconciliation
}

/// The events of Stripe's, in a transaction.
struct StripeEventStore {
    let transaction: PostgresTransaction

    init(_ transaction: PostgresTransaction) { self.transaction = transaction }

    /// Keeps a new event, as pending, and locks the payment that it names, if it is known: in one round trip. The
    /// PaymentIntent is locked first, then the event's own row, then the payment: whoever holds a PaymentIntent's lock
    /// locks the events that wait for it.
    /// - Returns: not new when it is there already, unless it had failed.
    func insert(
        _ event: StripeEvent, source: StripeEventSource, locking intent: String?
    ) async throws -> (isNew: Bool, payment: Payment?) {
        let insertion = StripeEventSQL.insert.bind(
            event.id, event.type, event.paymentIntentID, try Self.json(event), source, event.created)
        guard let intent else { return (try await !transaction.query(insertion).isEmpty, nil) }
        let results = try await transaction.pipeline([
            PaymentSQL.lockIntent.bind(intent), insertion, PaymentSQL.lockByIntent.bind(intent),
        ])
        return (!results[1].isEmpty, try results[2].first.map(PaymentStore.payment))
    }

    /// Writes what came of an event, with the next round trip.
    func end(
        _ id: String, _ state: StripeEventState, outcome: String, payment: UUID? = nil
    ) {
        transaction.enqueue(StripeEventSQL.end.bind(id, state, outcome, payment, nil as String?))
    }

    /// Lets an event wait under the PaymentIntent that Stripe says it belongs to.
    func place(_ id: String, _ paymentIntent: String) {
        transaction.enqueue(
            StripeEventSQL.end.bind(id, StripeEventState.pending, "unknown PaymentIntent", nil as UUID?, paymentIntent))
    }

    /// Keeps an event that could not be applied, with its error.
    func fail(_ event: StripeEvent, source: StripeEventSource, error: String) throws {
        transaction.enqueue(
            StripeEventSQL.fail.bind(
                event.id, event.type, event.paymentIntentID, try Self.json(event), source, event.created, error))
    }

    func read(_ id: String) async throws -> (event: StripeEvent, state: StripeEventState)? {
        try await transaction.query(StripeEventSQL.read.bind(id)).first.map(Self.stored)
    }

    func lock(_ id: String) async throws -> (event: StripeEvent, state: StripeEventState)? {
        try await transaction.query(StripeEventSQL.lock.bind(id)).first.map(Self.stored)
    }

    /// The events that waited for this PaymentIntent when the transaction began, oldest first: what Stripe has shown since
    /// then includes what they tell.
    func pendingAtStart(_ paymentIntent: String) async throws -> [StripeEvent] {
        try await transaction.query(StripeEventSQL.pending.bind(paymentIntent))
            .filter { try $0.get(1, as: Bool.self) }.map(Self.event)
    }

    /// Waits for, and then keeps out, all others who make this PaymentIntent known or look for it; then locks a payment
    /// which it may not be known of yet, and the events that wait for it, oldest first. No payment may be locked before.
    func lock(_ payment: UUID, intent id: String) async throws -> (payment: Payment, waiting: [StripeEvent])? {
        let results = try await transaction.pipeline([
            PaymentSQL.lockIntent.bind(id), PaymentSQL.lock.bind(payment), StripeEventSQL.pending.bind(id),
        ])
        guard let payment = try results[1].first.map(PaymentStore.payment) else { return nil }
        return (payment, try results[2].map(Self.event))
    }

    private static func stored(_ row: PostgresRow) throws -> (event: StripeEvent, state: StripeEventState) {
        (try event(row), try row.get(1, as: StripeEventState.self))
    }

    private static func event(_ row: PostgresRow) throws -> StripeEvent {
        try JSONDecoder().decode(StripeEvent.self, from: Data(try row.get(0, as: [UInt8].self)))
    }

    private static func json(_ event: StripeEvent) throws -> PostgresJSON {
        try PostgresJSON(encoding: event)
    }
}
