import Contracts
import Foundation
import Outbox

/// An order as the tests know it, and what the other services say about it.
struct TestOrder: Sendable, Hashable {
    let id: UUID
    let saga: UUID
    let customer: String
    let price: Money
    let paymentMethod: String?

    init(
        amount: Int64 = 2500, currency: String = "EUR", customer: String = "ana", paymentMethod: String? = nil
    ) {
        id = .v7()
        saga = .v7()
        self.customer = customer
        price = Money(amount: amount, currency: currency)
        self.paymentMethod = paymentMethod
    }

    func created() throws -> InboundEvent {
        try event(
            EventType.orderCreated,
            OrderCreated(
                orderId: id, sagaId: saga, customerId: customer,
                lines: [OrderLine(sku: "JARRA", quantity: 1, unitPrice: price)], total: price,
                paymentMethod: paymentMethod))
    }

    func reserved(traceparent: String? = nil) throws -> InboundEvent {
        try event(
            EventType.inventoryReserved,
            InventoryReserved(
                orderId: id, sagaId: saga, reservationId: .v7(), lines: [StockLine(sku: "JARRA", quantity: 1)],
                expiresAt: Date(timeIntervalSinceNow: 900)), stream: "inventory", traceparent: traceparent)
    }

    func cancelled(_ reason: String = "customer_request") throws -> InboundEvent {
        try event(EventType.orderCancelled, OrderCancelled(orderId: id, sagaId: saga, reason: reason))
    }

    func failed(_ reason: String = "payment_timeout") throws -> InboundEvent {
        try event(EventType.orderFailed, OrderFailed(orderId: id, sagaId: saga, reason: reason))
    }

    func overdue() throws -> InboundEvent {
        try event(EventType.orderPaymentOverdue, OrderPaymentOverdue(orderId: id, sagaId: saga))
    }

    func refundDue(_ reason: String = "late_payment") throws -> InboundEvent {
        try event(EventType.orderRefundDue, OrderRefundDue(orderId: id, sagaId: saga, reason: reason))
    }

    func confirmed() throws -> InboundEvent {
        try event(EventType.orderConfirmed, OrderConfirmed(orderId: id, sagaId: saga))
    }

    func event(
        _ type: String, _ data: some Encodable & Sendable, stream: String = "orders", traceparent: String? = nil
    ) throws -> InboundEvent {
        let event = try OutboxEvent(
            type: type, aggregateType: "order", aggregateID: id.lowercased, source: "/test", data: data,
            traceparent: traceparent)
        return try InboundEvent(json: event.json, stream: stream, streamSequence: 1, deliveryCount: 1)
    }
}
