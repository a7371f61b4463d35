import Foundation
import Outbox
import Postgres

/// A saga as it is stored, read without a lock.
struct SagaRecord: Sendable {
    let id: UUID
    let orderID: UUID
    let version: Int
    let state: OrderSagaState
    /// What is awaited, and until when; nil when settled.
    let deadline: (what: OrderSagaDeadline, at: Date)?
    let totalDeadline: Date
    let settledAt: Date?
    let createdAt: Date
    let updatedAt: Date

    /// Nil when there is no such order.
    static func find(_ orderID: UUID, on executor: some PostgresExecutor) async throws -> SagaRecord? {
        guard let row = try await executor.query(SagaSQL.read.bind(orderID)).first else { return nil }
        let (id, version, data, deadline, totalDeadline, settledAt, createdAt, updatedAt) = try row.decode(
            UUID.self, Int.self, [UInt8].self, Date?.self, Date.self, Date?.self, Date.self, Date.self)
        let state = try WireJSON.decode(OrderSagaState.self, from: data)
        return SagaRecord(
            id: id, orderID: orderID, version: version, state: state,
            deadline: deadline.flatMap { at in state.deadline.map { ($0, at) } }, totalDeadline: totalDeadline,
            settledAt: settledAt, createdAt: createdAt, updatedAt: updatedAt)
    }
}
