import Contracts
import Foundation
import Outbox

/// An order as the tests know it, and what inventory and payments say of it.
struct TestOrder: Sendable, Hashable {
    let id: UUID
    let saga: UUID
    var reservation = UUID.v7()
    var payment = UUID.v7()
    var price = Money(amount: 5_000, currency: "EUR")

    init(id: UUID, saga: UUID) {
        self.id = id
        self.saga = saga
    }

    func reserved(_ reservation: UUID? = nil, expiresAt: Date = Date(timeIntervalSinceNow: 900)) throws -> InboundEvent
    {
        try inventory(
            EventType.inventoryReserved,
            InventoryReserved(
                orderId: id, sagaId: saga, reservationId: reservation ?? self.reservation,
                lines: [StockLine(sku: "bowl", quantity: 2)], expiresAt: expiresAt))
    }

    func outOfStock() throws -> InboundEvent {
        try inventory(
            EventType.inventoryOutOfStock,
            InventoryOutOfStock(
                orderId: id, sagaId: saga, shortages: [Shortage(sku: "bowl", requested: 2, available: 1)]))
    }

    func released(_ reason: String) throws -> InboundEvent {
        try inventory(
            EventType.inventoryReleased,
            InventoryReleased(orderId: id, sagaId: saga, reservationId: reservation, reason: reason, lines: []))
    }

    func pending(_ status: String = "requires_payment_method") throws -> InboundEvent {
        try payments(
            EventType.paymentPending,
            PaymentPending(
                orderId: id, sagaId: saga, paymentId: payment, paymentIntentId: "pi_1", amount: price, status: status))
    }

    func succeeded() throws -> InboundEvent {
        try payments(
            EventType.paymentSucceeded,
            PaymentSucceeded(orderId: id, sagaId: saga, paymentId: payment, paymentIntentId: "pi_1", amount: price))
    }

    func declined(final: Bool = true) throws -> InboundEvent {
        try payments(
            EventType.paymentFailed,
            PaymentFailed(
                orderId: id, sagaId: saga, paymentId: payment, reason: "card_declined", final: final, attempts: 1))
    }

    func paymentCancelled() throws -> InboundEvent {
        try payments(
            EventType.paymentCancelled,
            PaymentCancelled(orderId: id, sagaId: saga, paymentId: payment, reason: "payment_overdue"))
    }

    func refunded(_ refund: UUID = .v7()) throws -> InboundEvent {
        try payments(
            EventType.paymentRefunded,
            PaymentRefunded(orderId: id, sagaId: saga, paymentId: payment, refundId: refund, amount: price))
    }

    private func inventory(_ type: String, _ data: some Encodable & Sendable) throws -> InboundEvent {
        try TestEvents.event(type, data, stream: "inventory", aggregate: "reservation", id: id)
    }

    private func payments(_ type: String, _ data: some Encodable & Sendable) throws -> InboundEvent {
        try TestEvents.event(type, data, stream: "payments", aggregate: "payment", id: id)
    }
}

/// Events as they come from the broker.
enum TestEvents {
    static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    static func event(
        _ type: String, _ data: some Encodable & Sendable, stream: String, aggregate: String, id: UUID
    ) throws -> InboundEvent {
        let event = try OutboxEvent(
            type: type, aggregateType: aggregate, aggregateID: id.lowercased, source: "/test", data: data,
            traceparent: traceparent)
        return try InboundEvent(json: event.json, stream: stream, streamSequence: 1, deliveryCount: 1)
    }

    static func product(
        _ sku: String, price: Int64 = 2_500, currency: String = "EUR", isActive: Bool = true, version: Int64 = 1
    ) throws -> InboundEvent {
        let event = try OutboxEvent(
            type: EventType.inventoryProductChanged, aggregateType: "product", aggregateID: sku, source: "/test",
            data: InventoryProductChanged(
                sku: sku, artisanId: "luis", title: "A \(sku)", price: Money(amount: price, currency: currency),
                active: isActive, version: version))
        return try InboundEvent(json: event.json, stream: "inventory", streamSequence: 1, deliveryCount: 1)
    }
}
