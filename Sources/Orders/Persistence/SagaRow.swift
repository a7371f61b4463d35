import Foundation
import Outbox
import Postgres

/// A saga as it is stored, with its row locked by the transaction that read it.
struct SagaRow: Sendable {
    let id: UUID
    let orderID: UUID
    let customerID: String
    /// The version of the definition that began it.
    let version: Int
    /// Nil when this binary does not know that version.
    var state: OrderSagaState?
    /// Of the newest row of its history.
    var seq: Int
    var deadline: Date?
    let totalDeadline: Date
    /// Of a confirmed order: when it was confirmed.
    let settledAt: Date?
    let createdAt: Date

    /// Reads a row of ``SagaSQL/lock``, and the database's time with it.
    static func read(_ row: PostgresRow) throws -> (saga: SagaRow, now: Date) {
        let (id, orderID, version, data, seq, deadline, totalDeadline, settledAt, createdAt, customerID, now) =
            try row.decode(
                UUID.self, UUID.self, Int.self, [UInt8].self, Int.self, Date?.self, Date.self, Date?.self, Date.self,
                String.self, Date.self)
        let saga = SagaRow(
            id: id, orderID: orderID, customerID: customerID, version: version,
            state: try OrderSaga.supportedVersions.contains(version)
                ? WireJSON.decode(OrderSagaState.self, from: data) : nil,
            seq: seq, deadline: deadline, totalDeadline: totalDeadline, settledAt: settledAt,
            createdAt: createdAt)
        return (saga, now)
    }
}

/// Some sagas, locked, and the database's time at which that transaction began.
struct LockedSagas: Sendable {
    var byOrder: [UUID: SagaRow]
    /// Nil when none was found.
    let now: Date?

    init(byOrder: [UUID: SagaRow], now: Date?) {
        self.byOrder = byOrder
        self.now = now
    }

    init(_ rows: PostgresRows) throws {
        var byOrder: [UUID: SagaRow] = [:]
        var time: Date?
        for row in rows {
            let (saga, now) = try SagaRow.read(row)
            byOrder[saga.orderID] = saga
            time = now
        }
        self.byOrder = byOrder
        self.now = time
    }
}
