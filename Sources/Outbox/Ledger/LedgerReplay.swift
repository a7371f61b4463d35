public import Foundation
public import Postgres

/// Appends events to a ledger again: same event, same id, a new position at the end. So the stream stays a replica, and
/// the broker's dedupe, which knows ledger rows, cannot swallow them. Every consumer sees them; those that had them know
/// them by their ids.
public struct LedgerReplay: Sendable {
    /// Rows a transaction: the relay waits for one that is open.
    static let batchSize = 1_000

    /// Which events.
    public enum Selection: Sendable, Equatable {
        case event(UUID)
        /// All of one aggregate.
        case aggregate(String)
        case positions(ClosedRange<Int64>)
    }

    /// One that was chosen.
    public struct Candidate: Sendable, Codable, Equatable {
        public let position: Int64
        public let eventId: UUID
        public let subject: String
        public let aggregateId: String
        /// When this row was written.
        public let occurredAt: Date
        /// When the event was made: by that inboxes forget it.
        public var madeAt: Date { eventId.madeAt ?? occurredAt }
    }

    private let pool: PostgresPool

    /// - Parameter pool: the service's database, as the service's own role: it is the one that may append.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// The events of a selection by position, each once (by its latest row), at most so many.
    public func candidates(_ selection: Selection, limit: Int) async throws -> [Candidate] {
        let statement: BoundStatement =
            switch selection {
            case .event(let id): LedgerSQL.eventRow.bind(id, id.madeAt)
            case .aggregate(let id): LedgerSQL.aggregateRows.bind(id, Int64(limit))
            case .positions(let range): LedgerSQL.rangeRows.bind(range.lowerBound, range.upperBound, Int64(limit))
            }
        return try await pool.query(statement).map { row in
            Candidate(
                position: try row.get(0), eventId: try row.get(1), subject: try row.get(2), aggregateId: try row.get(3),
                occurredAt: try row.get(4))
        }
    }

    /// Appends them in the order given, a thousand a transaction.
    /// - Parameter progress: told how many are done after each.
    /// - Returns: how many were appended; fewer than were given when partitions were dropped meanwhile.
    public func append(_ candidates: [Candidate], progress: (Int) -> Void = { _ in }) async throws -> Int {
        var appended = 0
        for start in stride(from: 0, to: candidates.count, by: Self.batchSize) {
            let batch = candidates[start..<min(start + Self.batchSize, candidates.count)].map(\.position)
            appended += try await pool.withTransaction { transaction in
                try await transaction.query(LedgerSQL.appendAgain.bind(batch)).count
            }
            progress(appended)
        }
        return appended
    }
}

extension UUID {
    /// When a version 7 UUID was made; nil for other versions.
    var madeAt: Date? {
        guard uuid.6 >> 4 == 7 else { return nil }
        let milliseconds = [uuid.0, uuid.1, uuid.2, uuid.3, uuid.4, uuid.5].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}
