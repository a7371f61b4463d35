import Contracts
import Foundation
import Outbox

/// The order service's events, as they go into its ledger.
enum OrderEvents {
    static let source = "/artesanos/orders"

    /// What the saga says, as an event.
    /// - Parameters:
    ///   - lines: what has to be reserved again; only for ``OrderSagaMessage/latePayment``.
    ///   - traceparent: nil takes the current trace.
    /// - Throws: `EncodingError`; ``Unforeseen`` for `created`, which only placing an order says.
    static func event(
        _ message: OrderSagaMessage, of saga: SagaRow, lines: [StockLine], traceparent: String?
    ) throws -> OutboxEvent {
        let (orderID, sagaID) = (saga.orderID, saga.id)
        func event(_ data: some Encodable & Sendable) throws -> OutboxEvent {
            try self.event(message.type, orderID: orderID, data: data, traceparent: traceparent)
        }
        switch message {
        case .created: throw Unforeseen(message: message)
        case .confirmed: return try event(OrderConfirmed(orderId: orderID, sagaId: sagaID))
        case .cancelled(let reason, let shortages):
            return try event(
                OrderCancelled(orderId: orderID, sagaId: sagaID, reason: reason, shortages: shortages))
        case .failed(let reason): return try event(OrderFailed(orderId: orderID, sagaId: sagaID, reason: reason))
        case .paymentOverdue: return try event(OrderPaymentOverdue(orderId: orderID, sagaId: sagaID))
        case .latePayment: return try event(OrderLatePayment(orderId: orderID, sagaId: sagaID, lines: lines))
        case .refundDue(let reason): return try event(OrderRefundDue(orderId: orderID, sagaId: sagaID, reason: reason))
        }
    }

    static func event(
        _ type: String, orderID: UUID, data: some Encodable & Sendable, traceparent: String? = nil
    ) throws -> OutboxEvent {
        try OutboxEvent(
            type: type, aggregateType: "order", aggregateID: orderID.lowercased, source: source, data: data,
            traceparent: traceparent)
    }

    /// A message that no running saga has to say.
    struct Unforeseen: Error {
        let message: OrderSagaMessage
    }
}
