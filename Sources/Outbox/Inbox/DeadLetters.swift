public import Foundation
public import Postgres

/// The dead letters of one service: what its consumers could not apply.
public struct DeadLetters: Sendable {
    private let pool: PostgresPool
    private let consumers: [String: ConsumerDefinition]

    /// - Parameter consumers: the service's own, to which a dead letter can be applied again.
    public init(pool: PostgresPool, consumers: [ConsumerDefinition]) {
        self.pool = pool
        self.consumers = Dictionary(uniqueKeysWithValues: consumers.map { ($0.name, $0) })
    }

    /// The open ones, oldest first.
    public func list(consumer: String? = nil, limit: Int = 100) async throws -> [DeadLetter] {
        try await pool.query(InboxSQL.listDeadLetters.bind(consumer, Int64(limit))).map { row in
            DeadLetter(
                id: try row.get(0), consumer: try row.get(1), state: try row.get(2), eventID: try row.get(3),
                type: try row.get(4), aggregateID: try row.get(5), stream: try row.get(6),
                sequence: try row.get(7), attempts: Int(try row.get(8, as: Int32.self)), createdAt: try row.get(9),
                error: try row.get(10))
        }
    }

    /// Applies the kept message again to the one consumer that could not take it, here in its own database. The broker
    /// plays no part: its dedupe cannot swallow the message, and other consumers see nothing of it (promise D7).
    /// - Throws: what the handler throws; the dead letter then stays, with the new error.
    public func redrive(_ id: Int64) async throws -> Redrive {
        do {
            return try await pool.withTransaction { transaction in
                guard let row = try await transaction.query(InboxSQL.lockDeadLetter.bind(id)).first else {
                    return .notFound
                }
                let (name, stream, sequence, payload, attempts) = try row.decode(
                    String.self, String.self, Int64.self, [UInt8].self, Int32.self)
                guard let consumer = self.consumers[name] else { return .noSuchConsumer(name) }
                let event = try InboundEvent(
                    json: payload, stream: stream, streamSequence: UInt64(sequence), deliveryCount: Int(attempts) + 1)
                // A parked event has an inbox row already, which would make it a duplicate.
                try await transaction.query(InboxSQL.unclaim.bind(name, event.id, id))
                let applied = try await Inbox(consumer: consumer, pool: self.pool).apply([event], in: transaction)
                if case .handled(.parked(let reason)) = applied[event.id] { return .parkedAgain(reason) }
                transaction.enqueue(InboxSQL.resolveDeadLetter.bind(id))
                return applied[event.id] == .duplicate ? .hadBeenApplied : .applied
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            try await pool.query(InboxSQL.failAgain.bind(id, "\(error)"))
            throw error
        }
    }

    /// How re-driving ended.
    public enum Redrive: Sendable, Equatable {
        case applied
        /// The event had been applied in another way since.
        case hadBeenApplied
        case parkedAgain(String)
        case notFound
        /// This binary has no consumer of that name (a relay's dead letter can never be stored as it is).
        case noSuchConsumer(String)
    }
}

/// A message that could not be applied, with its error.
public struct DeadLetter: Sendable, Codable {
    public let id: Int64
    public let consumer: String
    /// `dead` or `parked`.
    public let state: String
    /// Nil when the message was no CloudEvent.
    public let eventID: UUID?
    public let type: String
    public let aggregateID: String
    public let stream: String
    public let sequence: Int64
    public let attempts: Int
    public let createdAt: Date
    public let error: String
}
