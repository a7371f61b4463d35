import Composition
import Foundation
import JetStream
import Outbox
import Postgres
import ServiceRuntime

/// One ledger beside its stream, event by event.
struct ReplicaCheck {
    let service: ServiceName
    let replica: LedgerReplica
    let scan: StreamScan

    init(_ service: ServiceName, pool: PostgresPool, context: JetStreamContext) {
        self.service = service
        replica = LedgerReplica(pool: pool, stream: service.stream)
        scan = StreamScan(context, stream: service.stream)
    }

    /// - Parameters:
    ///   - from: the first position; nil: the oldest event that the stream has to have.
    ///   - to: the last one; nil: the last that was relayed.
    ///   - progress: told how many messages are still to be read.
    func run(from: Int64?, to: Int64?, progress: (UInt64) -> Void) async throws -> ReplicaReport {
        // The cursor is read first: it is written behind what was stored.
        let (_, retention) = try await scan.extent()
        let due = try await replica.range(retention: retention)
        let refused = try await replica.refused()
        let state = try await scan.extent().state
        let first = from ?? due?.lowerBound ?? 1
        guard let due, first <= min(to ?? due.upperBound, due.upperBound) else {
            return ReplicaReport(service: service, from: nil, to: nil, rows: 0, messages: 0, copies: 0, differences: [])
        }
        var comparison = ReplicaComparison(range: first...min(to ?? due.upperBound, due.upperBound))
        // A row's message was stored after the row was made, by whichever clock.
        let since = try await from == nil ? nil : replica.madeAt(first)?.addingTimeInterval(-60)
        try await scan.read(state, since: since) { page, left in
            try await replica.compare(page, refused: refused, in: &comparison)
            progress(left)
        }
        try await replica.end(refused: refused, in: &comparison)
        // What aged out is no difference, also when it was asked for by position.
        let differences = try await replica.withoutMended(comparison.differences()).filter {
            !($0.kind == .lostBeginning && ($0.position ?? 0) < due.lowerBound)
        }
        return ReplicaReport(
            service: service, from: comparison.range.lowerBound, to: comparison.range.upperBound, rows: comparison.rows,
            messages: comparison.messages, copies: comparison.copies, differences: differences)
    }
}

/// What came of comparing one ledger with its stream.
struct ReplicaReport: Encodable {
    let service: ServiceName
    /// The positions that were compared; nil when nothing was relayed yet.
    let from: Int64?
    let to: Int64?
    /// Rows of the ledger that the stream has to have.
    let rows: Int
    /// Messages of the stream that are these rows.
    let messages: Int
    /// Messages that stand a second time because the relay went back.
    let copies: Int
    let differences: [ReplicaDifference]

    /// One row for people.
    static func table(_ reports: [ReplicaReport]) -> TextTable {
        var table = TextTable(
            ["service", "positions", "events", "messages", "copies", "differences"], rightAligned: [1, 2, 3, 4, 5])
        for report in reports {
            let range = report.from.flatMap { from in report.to.map { "\(from)-\($0)" } } ?? "-"
            table.add([
                .init(report.service.rawValue), .init(range), .init("\(report.rows)"), .init("\(report.messages)"),
                .init("\(report.copies)"),
                .init("\(report.differences.count)", report.differences.isEmpty ? .green : .red),
            ])
        }
        return table
    }

    /// The first differences, a line each.
    func lines(_ most: Int) -> [String] {
        differences.prefix(most).map { difference in
            let place = difference.position.map { "position \($0)" } ?? "message \(difference.sequence ?? 0)"
            let message = difference.position == nil ? nil : difference.sequence.map { " (message \($0))" }
            return "\(service.rawValue): \(difference.kind.rawValue): \(place)\(message ?? ""): \(difference.what)"
        } + (differences.count > most ? ["\(service.rawValue): … and \(differences.count - most) more"] : [])
    }
}
