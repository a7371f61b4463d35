import Contracts
import Foundation
import Outbox

/// An order as the tests know it, and what the other services say of it.
struct TestOrder: Sendable, Hashable {
    let id: UUID
    let saga: UUID
    let lines: [StockLine]

    init(_ lines: [String: Int], id: UUID = .v7(), saga: UUID = .v7()) {
        self.init(
            lines: lines.sorted { $0.key < $1.key }.map { StockLine(sku: $0.key, quantity: $0.value) }, id: id,
            saga: saga)
    }

    init(lines: [StockLine], id: UUID = .v7(), saga: UUID = .v7()) {
        self.id = id
        self.saga = saga
        self.lines = lines
    }

    func created() throws -> InboundEvent {
        let price = Money(amount: 2500, currency: "EUR")
        return try event(
            EventType.orderCreated,
            OrderCreated(
                orderId: id, sagaId: saga, customerId: "ana",
                lines: lines.map { OrderLine(sku: $0.sku, quantity: $0.quantity, unitPrice: price) }, total: price))
    }

    func confirmed() throws -> InboundEvent {
        try event(EventType.orderConfirmed, OrderConfirmed(orderId: id, sagaId: saga))
    }

    func cancelled() throws -> InboundEvent {
        try event(EventType.orderCancelled, OrderCancelled(orderId: id, sagaId: saga, reason: "customer_request"))
    }

    func failed() throws -> InboundEvent {
        try event(EventType.orderFailed, OrderFailed(orderId: id, sagaId: saga, reason: "stock_timeout"))
    }

    func latePayment() throws -> InboundEvent {
        try event(EventType.orderLatePayment, OrderLatePayment(orderId: id, sagaId: saga, lines: lines))
    }

    func paymentPending(status: String = "processing") throws -> InboundEvent {
        try event(
            EventType.paymentPending,
            PaymentPending(
                orderId: id, sagaId: saga, paymentId: .v7(), paymentIntentId: "pi_1",
                amount: Money(amount: 2500, currency: "EUR"), status: status), stream: "payments")
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
