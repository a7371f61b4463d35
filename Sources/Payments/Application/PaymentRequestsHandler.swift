import Contracts
import Foundation
import Outbox
import Postgres

/// What the order saga tells and asks, and what inventory tells: all that begins, ends or changes an order's payment.
struct PaymentRequestsHandler: EventHandler {
    let ledger: PaymentLedger

    /// From the stream `orders`. The others of its types are nothing to payments, but they must not be parked.
    static let orderTypes = EventType.orders
    /// From the stream `inventory`.
    static let inventoryTypes = [EventType.inventoryReserved]

    func handle(_ event: InboundEvent, in transaction: PostgresTransaction) async throws -> HandlerOutcome {
        switch event.type {
        case EventType.orderCreated:
            let data = try event.data(OrderCreated.self)
            let input = PaymentInput.orderCreated(
                customerID: data.customerId, price: data.total, paymentMethod: data.paymentMethod)
            return try await apply(input, data.orderId, data.sagaId, event, transaction)
        case EventType.inventoryReserved:
            let data = try event.data(InventoryReserved.self)
            return try await apply(
                .stockReserved(expiresAt: data.expiresAt), data.orderId, data.sagaId, event, transaction)
        case EventType.orderCancelled:
            let data = try event.data(OrderCancelled.self)
            return try await apply(.orderEnded(reason: data.reason), data.orderId, data.sagaId, event, transaction)
        case EventType.orderFailed:
            let data = try event.data(OrderFailed.self)
            return try await apply(.orderEnded(reason: data.reason), data.orderId, data.sagaId, event, transaction)
        case EventType.orderPaymentOverdue:
            let data = try event.data(OrderPaymentOverdue.self)
            return try await apply(.overdue, data.orderId, data.sagaId, event, transaction)
        case EventType.orderRefundDue:
            let data = try event.data(OrderRefundDue.self)
            return try await apply(.refundDue(reason: data.reason), data.orderId, data.sagaId, event, transaction)
        case EventType.orderConfirmed, EventType.orderLatePayment:
            return .ignored("nothing to payments")
        default:
            return .parked("no handler for the type \(event.type)")
        }
    }

    private func apply(
        _ input: PaymentInput, _ order: UUID, _ saga: UUID, _ event: InboundEvent, _ transaction: PostgresTransaction
    ) async throws -> HandlerOutcome {
        try await ledger.apply(
            input, order: order, saga: saga, cause: PaymentCause(kind: event.type, id: event.id.lowercased),
            in: transaction)
    }
}
