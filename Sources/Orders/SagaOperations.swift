public import Foundation
import Outbox
import Postgres
public import ServiceRuntime

/// What operators do about sagas, without a running service: the service's own use cases, straight on its database, under
/// the same locks and into the same ledger.
public struct SagaOperations: Sendable {
    private let service: OrdersService

    /// - Parameters:
    ///   - environment: the order service's database. A ledger without a hint does: the relay finds the events at its next
    ///     look.
    ///   - configuration: as the service runs with.
    public init(environment: ServiceEnvironment, configuration: OrdersConfiguration) {
        service = OrdersService(environment: environment, configuration: configuration)
    }

    /// Asks again for what the saga waits for, or tells what that would do.
    /// - Parameter isRehearsal: writes nothing.
    /// - Throws: ``Problem`` `not_found`, `nothing_to_retry`.
    public func retry(_ orderID: UUID, by request: SagaRequest, isRehearsal: Bool) async throws -> SagaRequestOutcome {
        try await service.retrySaga(orderID, by: request, isRehearsal: isRehearsal)
    }

    /// Cancels the order as its customer could, without a limit of time, or tells what that would do.
    /// - Parameter isRehearsal: writes nothing.
    /// - Throws: ``Problem`` `not_found`, `order_not_cancellable`.
    public func cancel(_ orderID: UUID, by request: SagaRequest, isRehearsal: Bool) async throws -> SagaRequestOutcome {
        try await service.cancelOrder(orderID, by: request, isRehearsal: isRehearsal)
    }

    /// The operators' explanation, and the database's time at which it holds; nil for no such order.
    public func explain(_ orderID: UUID) async throws -> (explanation: SagaExplanation, now: Date)? {
        try await service.explainSaga.facts(orderID).map { (SagaExplanation($0, isForOperator: true), $0.now) }
    }
}
