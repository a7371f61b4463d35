import Foundation
import Postgres
import ServiceRuntime

/// `POST /orders/{id}/cancel`: the customer's wish, taken in every running state.
struct CancelOrder: Sendable {
    let pool: PostgresPool
    let engine: SagaEngine

    /// - Returns: the order's status; `CANCELLED` also when it had been cancelled before.
    /// - Throws: ``Problem`` 404 for an order of somebody else; 409 `order_not_cancellable` once it has ended otherwise.
    func callAsFunction(_ orderID: UUID, by identity: Identity) async throws {
        let status = try await pool.withTransaction { transaction in
            var sagas = try await SagaStore().lock([orderID], in: transaction)
            guard let saga = sagas.byOrder[orderID] else { throw Problem.notFound("order") }
            try identity.requireOwner(saga.customerID, of: "order")
            let input = SagaInput(orderID: orderID, event: .cancelRequested, isKeptWhenRefused: false)
            switch try await engine.apply([input], to: &sagas, in: transaction).first {
            case .decided(let decision)?: return decision.state.order
            case .unsupportedVersion(let version)?: throw SagaVersionUnknown(version: version)
            case .unknownOrder?, nil: throw Problem.notFound("order")
            }
        }
        guard status == .cancelled else {
            throw Problem.conflict(
                code: "order_not_cancellable", "the order is \(status.rawValue) and cannot be cancelled any more",
                fields: ["orderStatus": status.rawValue])
        }
    }
}
