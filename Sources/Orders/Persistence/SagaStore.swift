import Contracts
import Foundation
import Outbox
import Postgres

/// Reads and writes sagas, many at once.
struct SagaStore: Sendable {
    /// Locks the sagas of these orders; orders that are not there are left out.
    func lock(_ orderIDs: some Collection<UUID>, in transaction: PostgresTransaction) async throws -> LockedSagas {
        try LockedSagas(await transaction.query(SagaSQL.lock.bind(Array(Set(orderIDs)))))
    }

    /// These orders as they were placed.
    func placed(
        _ orderIDs: some Collection<UUID>, in transaction: PostgresTransaction
    ) async throws -> [UUID: PlacedOrder] {
        try PlacedOrder.read(await transaction.query(SagaSQL.placed.bind(Array(orderIDs))))
    }

    /// Adds the new states, the orders' and the history to what the transaction sends.
    func write(_ changes: SagaChanges, in transaction: PostgresTransaction) throws {
        guard !changes.sagas.isEmpty else { return }
        transaction.enqueue(try Self.update(changes.sagas))
        if !changes.orders.isEmpty {
            let orders = changes.orders.sorted { $0.key.uuidString < $1.key.uuidString }
            transaction.enqueue(
                SagaSQL.updateOrders.bind(
                    orders.map(\.key), orders.map(\.value.status.rawValue), orders.map(\.value.reason)))
        }
        transaction.enqueue(try Self.append(changes.history))
    }

    private static func update(_ sagas: [SagaRow]) throws -> BoundStatement {
        let states = sagas.compactMap(\.state)
        return SagaSQL.update.bind(
            sagas.map(\.id), states.map(\.step.rawValue), try states.map { try $0.json() },
            sagas.map { Int32($0.seq) }, sagas.map(\.deadline), states.map(\.settled))
    }

    private static func append(_ history: [SagaHistoryEntry]) throws -> BoundStatement {
        SagaSQL.appendHistory.bind(
            history.map(\.sagaID), history.map { Int32($0.seq) }, history.map(\.event), history.map(\.eventID),
            history.map(\.from), history.map(\.to.rawValue), history.map(\.order.rawValue),
            history.map(\.verdict.name), history.map(\.verdict.note),
            try history.map { try $0.actions.map(\.description).json() }, history.map(\.request?.actor),
            history.map(\.request?.remark))
    }
}

/// What a transaction writes about sagas.
struct SagaChanges: Sendable {
    /// With their new states.
    var sagas: [SagaRow] = []
    /// Only those whose status changed.
    var orders: [UUID: (status: OrderStatus, reason: String?)] = [:]
    var history: [SagaHistoryEntry] = []
}

/// One row of the history to be written.
struct SagaHistoryEntry: Sendable {
    let sagaID: UUID
    let seq: Int
    let event: String
    let eventID: UUID?
    let from: String?
    let to: OrderSagaStep
    let order: OrderStatus
    let verdict: OrderSagaVerdict
    let actions: [OrderSagaAction]
    /// Nil for what other services told and for deadlines.
    let request: SagaRequest?
}

extension Encodable {
    /// As text, the way JSON is bound to statements.
    func json() throws -> String { String(decoding: try WireJSON.encode(self), as: UTF8.self) }
}
