import Contracts
import Foundation
import Outbox

/// The order service's events, as they go into its ledger.
enum OrderEvents {
    static let source = "/artesanos/orders"

    /// What the saga says, as an event.
    /// - Parameters:
    ///   - placed: the order; only for messages that tell it (``OrderSagaMessage/tellsTheOrder``).
    ///   - traceparent: nil takes the current trace.
    /// - Throws: `EncodingError`; ``OrderMissing``.
    static func event(
        _ message: OrderSagaMessage, of saga: SagaRow, placed: PlacedOrder?, traceparent: String?
    ) throws -> OutboxEvent {
        let (orderID, sagaID) = (saga.orderID, saga.id)
        func event(_ data: some Encodable & Sendable) throws -> OutboxEvent {
            try self.event(message.type, orderID: orderID, data: data, traceparent: traceparent)
        }
        switch message {
        case .created:
            guard let placed else { throw OrderMissing(message: message) }
            return try event(
                OrderCreated(
                    orderId: orderID, sagaId: sagaID, customerId: placed.customerID, lines: placed.lines,
                    total: placed.total, paymentMethod: placed.paymentMethod))
        case .confirmed: return try event(OrderConfirmed(orderId: orderID, sagaId: sagaID))
        case .cancelled(let reason, let shortages):
            return try event(
                OrderCancelled(orderId: orderID, sagaId: sagaID, reason: reason, shortages: shortages))
        case .failed(let reason): return try event(OrderFailed(orderId: orderID, sagaId: sagaID, reason: reason))
        case .paymentOverdue: return try event(OrderPaymentOverdue(orderId: orderID, sagaId: sagaID))
        case .latePayment:
            guard let placed else { throw OrderMissing(message: message) }
            return try event(OrderLatePayment(orderId: orderID, sagaId: sagaID, lines: placed.stockLines))
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

    /// A message that tells of an order that was not read.
    struct OrderMissing: Error {
        let message: OrderSagaMessage
    }
}
