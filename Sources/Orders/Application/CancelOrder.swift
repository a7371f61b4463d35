import Foundation
import Postgres
import ServiceRuntime

/// `POST /orders/{id}/cancel`, `artesanos saga cancel`: taken in every running state, and for a while after the
/// confirmation, when the money is given back and the pieces go back on the shelf.
struct CancelOrder: Sendable {
    let pool: PostgresPool
    let engine: SagaEngine
    /// For how long after its confirmation a customer can cancel an order.
    let window: Duration

    /// - Parameter isRehearsal: decides, and writes nothing.
    /// - Returns: what came of it; nothing changes for an order that had been cancelled before.
    /// - Throws: ``Problem`` 404 for an order of somebody else; 409 `cancellation_window_closed` for a customer who comes
    ///   too late after the confirmation, `order_not_cancellable` once it has ended otherwise.
    func callAsFunction(
        _ orderID: UUID, by request: SagaRequest, isRehearsal: Bool = false
    ) async throws -> SagaRequestOutcome {
        let outcome = try await pool.withTransaction { transaction in
            var sagas = try await SagaStore().lock([orderID], in: transaction)
            guard let saga = sagas.byOrder[orderID], let now = sagas.now else { throw Problem.notFound("order") }
            try request.identity?.requireOwner(saga.customerID, of: "order")
            if !request.isOfOperator { try requireInTime(saga, now) }
            return try await engine.request(
                .cancelRequested, of: saga, by: request, isRehearsal: isRehearsal, sagas: &sagas, in: transaction)
        }
        guard outcome.toStatus == .cancelled else {
            throw Problem.conflict(
                code: "order_not_cancellable",
                "the order is \(outcome.toStatus.rawValue) and cannot be cancelled any more",
                fields: ["orderStatus": outcome.toStatus.rawValue])
        }
        return outcome
    }

    private func requireInTime(_ saga: SagaRow, _ now: Date) throws(Problem) {
        guard let until = saga.cancellableUntil(window: window), now > until else { return }
        throw Problem.conflict(
            code: "cancellation_window_closed",
            "the order was confirmed more than \(DurationText.format(window)) ago: ask the shop",
            fields: ["orderStatus": OrderStatus.confirmed.rawValue, "cancellableUntil": until])
    }
}

extension SagaRow {
    /// Until when the customer can still cancel a confirmed order; nil when it is not confirmed, or cannot be cancelled at
    /// any time after that.
    func cancellableUntil(window: Duration) -> Date? {
        guard let state, state.step == .completed, state.version >= 2, let settledAt else { return nil }
        return settledAt.addingTimeInterval(window / .seconds(1))
    }
}
