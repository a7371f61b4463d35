public import Foundation
import Postgres

/// What came of a request to a saga, or would come of it.
public struct SagaRequestOutcome: Encodable, Sendable {
    /// What is awaited from then on.
    public struct Deadline: Encodable, Sendable {
        public let waitsFor: OrderSagaDeadline
        public let at: Date
    }

    public let orderId: UUID
    public let sagaId: UUID
    /// The request's name in the history: `customer.cancel`, `operator.retry`.
    public let request: String
    public let actor: String
    public let remark: String?
    /// Whether nothing was written.
    public let isDryRun: Bool
    /// Whether it changes anything.
    public let isApplied: Bool
    /// Why not.
    public let note: String?
    public let fromState: OrderSagaStep
    public let toState: OrderSagaStep
    public let fromStatus: OrderStatus
    public let toStatus: OrderStatus
    /// The events for the other services, in order.
    public let events: [String]
    /// Nil when the saga is settled then.
    public let deadline: Deadline?
}

extension SagaEngine {
    /// Applies a request to a saga that is locked. What is refused leaves no trace.
    /// - Parameter isRehearsal: only decides.
    /// - Throws: ``SagaVersionUnknown``.
    func request(
        _ event: OrderSagaEvent, of saga: SagaRow, by request: SagaRequest, isRehearsal: Bool,
        sagas: inout LockedSagas, in transaction: PostgresTransaction
    ) async throws -> SagaRequestOutcome {
        guard let before = saga.state else { throw SagaVersionUnknown(version: saga.version) }
        let input = SagaInput(orderID: saga.orderID, event: event, request: request, isKeptWhenRefused: false)
        let outcomes: [SagaOutcome]
        if isRehearsal {
            var batch = SagaBatch(policy: policy, sagas: sagas)
            outcomes = [batch.decide(input)]
            sagas = batch.sagas
        } else {
            outcomes = try await apply([input], to: &sagas, in: transaction)
        }
        guard case .decided(let decision)? = outcomes.first, let after = sagas.byOrder[saga.orderID] else {
            throw SagaVersionUnknown(version: saga.version)
        }
        return SagaRequestOutcome(
            orderId: saga.orderID, sagaId: saga.id, request: event.kind.rawValue, actor: request.actor,
            remark: request.remark, isDryRun: isRehearsal, isApplied: decision.verdict == .applied,
            note: decision.verdict.note, fromState: before.step, toState: decision.state.step,
            fromStatus: before.order, toStatus: decision.state.order,
            events: decision.actions.compactMap { action in
                if case .emit(let message) = action { message.type } else { nil }
            },
            deadline: after.deadline.flatMap { at in
                decision.state.deadline.map { SagaRequestOutcome.Deadline(waitsFor: $0, at: at) }
            })
    }
}
