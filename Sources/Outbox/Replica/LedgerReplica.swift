public import Foundation
public import Postgres

/// A ledger as the original of a stream: what the stream has to have, and appending again what it lacks.
public struct LedgerReplica: Sendable {
    private let pool: PostgresPool
    private let stream: String

    /// - Parameters:
    ///   - pool: the service's database.
    ///   - stream: the stream that its ledger is copied to.
    public init(pool: PostgresPool, stream: String) {
        self.pool = pool
        self.stream = stream
    }

    /// The positions that the stream has to have now; nil when nothing was relayed yet.
    /// - Parameter retention: what the stream lets go by itself.
    public func range(retention: StreamHead.Retention) async throws -> ClosedRange<Int64>? {
        let age: Duration? = if case .age(let age) = retention { age } else { nil }
        guard let row = try await pool.query(ReplicaSQL.range.bind(stream, age?.microseconds)).first else { return nil }
        let (first, last) = try row.decode(Int64.self, Int64.self)
        return first <= last ? first...last : nil
    }

    /// When the row of this position was made, or the next one after it; nil when there is none.
    public func madeAt(_ position: Int64) async throws -> Date? {
        try await pool.query(ReplicaSQL.madeAt.bind(position)).first?.get(0)
    }

    /// Compares the stream's next messages.
    /// - Parameter refused: of ``refused()``.
    public func compare(
        _ page: [ReplicaMessage], refused: Set<Int64>, in comparison: inout ReplicaComparison
    ) async throws {
        let positions = page.compactMap(\.position).filter(comparison.range.contains)
        if let highest = positions.max() { try await expect(upTo: highest, refused: refused, in: &comparison) }
        let rows = try await pool.query(ReplicaSQL.rows.bind(positions)).map { row in
            ReplicaRow(position: try row.get(0), subject: try row.get(1), event: try row.get(2))
        }
        comparison.compare(page, rows: rows, refused: refused)
    }

    /// The rows behind the last message too are expected.
    public func end(refused: Set<Int64>, in comparison: inout ReplicaComparison) async throws {
        try await expect(upTo: comparison.range.upperBound, refused: refused, in: &comparison)
    }

    private func expect(upTo: Int64, refused: Set<Int64>, in comparison: inout ReplicaComparison) async throws {
        let limit = 50_000
        while comparison.expectedUpTo < upTo {
            let positions = try await pool.query(
                ReplicaSQL.positions.bind(comparison.expectedUpTo, upTo, Int64(limit))
            ).map { try $0.get(0, as: Int64.self) }
            comparison.expect(
                positions.filter { !refused.contains($0) },
                upTo: positions.count < limit ? upTo : positions.last ?? upTo)
        }
    }

    /// The positions that the stream will never have: no stream takes them, or they were appended again.
    public func refused() async throws -> Set<Int64> {
        Set(try await pool.query(ReplicaSQL.refused.bind(stream)).map { try $0.get(0, as: Int64.self) })
    }

    /// The differences without those whose event was appended again since.
    public func withoutMended(_ differences: [ReplicaDifference]) async throws -> [ReplicaDifference] {
        let positions = differences.filter(\.kind.isMendable).compactMap(\.position)
        guard !positions.isEmpty else { return differences }
        let mended = Set(
            try await pool.query(ReplicaSQL.appendedAgain.bind(positions)).map { try $0.get(0, as: Int64.self) })
        return differences.filter { !($0.kind.isMendable && $0.position.map(mended.contains) ?? false) }
    }

    /// Appends the events that the stream lacks, or has wrongly, to the ledger again, from where the relay takes them to
    /// the stream's end. Consumers that had them know them by their ids.
    /// - Returns: how many were appended.
    public func mend(_ differences: [ReplicaDifference]) async throws -> Int {
        let positions = Set(differences.filter(\.kind.isMendable).compactMap(\.position)).sorted()
        let missing = Set(differences.filter { $0.kind == .missing }.compactMap(\.position))
        var appended = 0
        for start in stride(from: 0, to: positions.count, by: LedgerReplay.batchSize) {
            let batch = Array(positions[start..<min(start + LedgerReplay.batchSize, positions.count)])
            appended += try await pool.withTransaction { transaction in
                let rows = try await transaction.query(LedgerSQL.appendAgain.bind(batch))
                let note = "the stream lacks it; its event was appended to the ledger again"
                transaction.enqueue(
                    ReplicaSQL.noteAppended.bind(self.stream, batch.filter(missing.contains), note))
                return rows.count
            }
        }
        return appended
    }
}
