import Foundation
import Postgres

/// How far Stripe's list of events has been read.
struct StripeEventCursor: Sendable {
    /// The last event; nil when nothing has been read yet.
    let eventID: String?
    let eventCreatedAt: Date?
    /// The database's time.
    let now: Date

    static func read(_ transaction: PostgresTransaction) async throws -> StripeEventCursor {
        let results = try await transaction.pipeline([StripeEventSQL.now.bind(), StripeEventSQL.cursor.bind()])
        let now = try results[0].first?.get(0, as: Date.self) ?? Date()
        guard let row = results[1].first else { return StripeEventCursor(eventID: nil, eventCreatedAt: nil, now: now) }
        return StripeEventCursor(eventID: try row.get(0), eventCreatedAt: try row.get(1), now: now)
    }

    /// Where a listing by time begins, a minute early: Stripe's clock is another one.
    func createdAt(lookback: Duration) -> Date {
        (eventCreatedAt ?? now.addingTimeInterval(-(lookback / .seconds(1)))).addingTimeInterval(-60)
    }

    func save(_ transaction: PostgresTransaction) {
        transaction.enqueue(StripeEventSQL.moveCursor.bind(eventID, eventCreatedAt))
    }

    /// Those of the events that were taken before.
    static func known(_ ids: [String], on executor: any PostgresExecutor) async throws -> Set<String> {
        Set(try await executor.query(StripeEventSQL.known.bind(ids)).map { try $0.get(0, as: String.self) })
    }
}
