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
        try await executor.query(SagaSQL.read.bind(orderID)).first.map { try SagaRecord($0, of: orderID) }
    }

    /// Reads a row that begins with the columns of ``SagaSQL/read``.
    init(_ row: PostgresRow, of orderID: UUID) throws {
        let state = try WireJSON.decode(OrderSagaState.self, from: try row.get(2, as: [UInt8].self))
        id = try row.get(0)
        self.orderID = orderID
        version = try row.get(1)
        self.state = state
        deadline = try row.get(3, as: Date?.self).flatMap { at in state.deadline.map { ($0, at) } }
        totalDeadline = try row.get(4)
        settledAt = try row.get(5)
        createdAt = try row.get(6)
        updatedAt = try row.get(7)
    }
}
