import Foundation
import Outbox
import Postgres

/// One event that a saga took, as it is stored.
struct SagaHistoryRow: Sendable {
    /// From 1, without gaps.
    let seq: Int
    let at: Date
    /// An ``OrderSagaEvent/Kind``, or `order.placed`.
    let event: String
    let eventID: UUID?
    let from: OrderSagaStep?
    let to: OrderSagaStep
    let order: OrderStatus
    /// `applied`, `ignored` or `illegal`.
    let verdict: String
    let note: String?
    let actions: [String]
    /// Who asked for it, such as `customer:ana` or `ops:olga`; nil for what nobody asked for.
    let actor: String?
    /// Why, in an operator's words.
    let remark: String?

    init(_ row: PostgresRow) throws {
        seq = try row.get(0)
        at = try row.get(1)
        event = try row.get(2)
        eventID = try row.get(3)
        from = try row.named(4)
        to = try row.named(5)
        order = try row.named(6)
        verdict = try row.get(7)
        note = try row.get(8)
        actions = try WireJSON.decode([String].self, from: try row.get(9, as: [UInt8].self))
        actor = try row.get(10)
        remark = try row.get(11)
    }
}

/// Reads what happened to orders.
struct SagaHistory: Sendable {
    /// An order is not asked for more than this at once.
    static let page = 500

    /// The pool, or a transaction whose moment all is to be of.
    let database: any PostgresExecutor

    /// The events of an order behind a sequence number, oldest first, up to a page.
    func events(of orderID: UUID, after seq: Int = 0) async throws -> [SagaHistoryRow] {
        let rows = try await database.query(SagaSQL.history.bind(orderID, Int32(clamping: seq), Self.page))
        return try rows.map { try SagaHistoryRow($0) }
    }

    /// All events of an order, oldest first.
    func all(of orderID: UUID) async throws -> [SagaHistoryRow] {
        var all: [SagaHistoryRow] = []
        while true {
            let next = try await events(of: orderID, after: all.last?.seq ?? 0)
            all += next
            if next.count < Self.page { return all }
        }
    }

    /// The newest sequence number, and whether no more is to come unless the saga is opened again; nil for no such order.
    func progress(of orderID: UUID) async throws -> (seq: Int, isSettled: Bool)? {
        try await database.query(SagaSQL.progress.bind(orderID)).first?.decode(Int.self, Bool.self)
    }
}
