import Foundation
import Postgres

/// A saga as an operator sees it.
struct SagaReport: Encodable {
    struct Step: Encodable {
        let number: Int32
        let at: Date
        let secondsSincePlaced: Double
        let event: String
        let fromState: String?
        let toState: String
        let orderStatus: String
        /// `applied`, `ignored` or `illegal`.
        let verdict: String
        /// Why it was not applied, or what somebody said who asked for it.
        let note: String?
        /// Who asked for it.
        let actor: String?
    }

    let sagaId: UUID
    let orderId: UUID
    let state: String
    let orderStatus: String
    let reason: String?
    /// What the saga knows, as it is stored.
    let data: [String: JSONValue]
    let deadline: Date?
    let totalDeadline: Date
    let settledAt: Date?
    let placedAt: Date
    let history: [Step]

    /// - Parameter id: of the order or of the saga.
    /// - Returns: nil when there is none.
    static func read(_ id: UUID, _ pool: PostgresPool) async throws -> SagaReport? {
        guard let row = try await pool.query(OperationsSQL.saga, id).first else { return nil }
        let sagaID = try row.get(0, as: UUID.self)
        let history = try await pool.query(OperationsSQL.sagaHistory, sagaID).map { row in
            Step(
                number: try row.get(0), at: try row.get(1), secondsSincePlaced: try row.get(2), event: try row.get(3),
                fromState: try row.get(4), toState: try row.get(5), orderStatus: try row.get(6),
                verdict: try row.get(7), note: try row.get(8), actor: try row.get(9))
        }
        let data = Data(try row.get(5, as: String.self).utf8)
        return SagaReport(
            sagaId: sagaID, orderId: try row.get(1), state: try row.get(2), orderStatus: try row.get(3),
            reason: try row.get(4), data: (try? JSONDecoder().decode([String: JSONValue].self, from: data)) ?? [:],
            deadline: try row.get(6), totalDeadline: try row.get(7), settledAt: try row.get(8),
            placedAt: try row.get(9), history: history)
    }

    func lines(_ terminal: Terminal) -> [String] {
        var lines = [
            "order    \(orderId.uuidString.lowercased())  \(orderStatus)\(reason.map { " (\($0))" } ?? "")",
            "saga     \(sagaId.uuidString.lowercased())  \(state)",
            "placed   \(Age.moment(placedAt))",
            settledAt.map { "settled  \(Age.moment($0))" } ?? "deadline \(deadline.map(Age.moment) ?? "none")",
        ]
        let known = data.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if !known.isEmpty { lines.append("knows    \(known.joined(separator: " "))") }
        var table = TextTable(
            ["#", "after", "event", "from", "to", "order", "verdict", "by", "note"], rightAligned: [0, 1])
        for step in history {
            table.add([
                .init("\(step.number)"), .init(Age.text(seconds: step.secondsSincePlaced)), .init(step.event),
                .init(step.fromState ?? "-"), .init(step.toState), .init(step.orderStatus),
                .init(step.verdict, step.verdict == "illegal" ? .red : step.verdict == "ignored" ? .dim : nil),
                .init(step.actor ?? "-"), .init(step.note ?? ""),
            ])
        }
        return lines + [""] + table.lines(terminal)
    }
}
