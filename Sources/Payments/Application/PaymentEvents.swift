import Contracts
import Foundation
import Outbox

/// The events that this service publishes. Their aggregate is the order: what is told about one order keeps its order.
enum PaymentEvents {
    static func event(_ news: PaymentNews, _ payment: Payment) throws -> OutboxEvent {
        let amount = payment.price ?? Money(amount: 0, currency: "EUR")
        switch news {
        case .pending(let status):
            return try event(
                EventType.paymentPending, payment,
                PaymentPending(
                    orderId: payment.orderID, sagaId: payment.sagaID, paymentId: payment.id,
                    paymentIntentId: payment.paymentIntentID, amount: amount, status: status.rawValue))
        case .succeeded:
            return try event(
                EventType.paymentSucceeded, payment,
                PaymentSucceeded(
                    orderId: payment.orderID, sagaId: payment.sagaID, paymentId: payment.id,
                    paymentIntentId: payment.paymentIntentID ?? "", amount: amount))
        case .failed(let reason, let final):
            return try event(
                EventType.paymentFailed, payment,
                PaymentFailed(
                    orderId: payment.orderID, sagaId: payment.sagaID, paymentId: payment.id, reason: reason,
                    final: final, attempts: payment.attempts))
        case .cancelled(let reason):
            return try event(
                EventType.paymentCancelled, payment,
                PaymentCancelled(
                    orderId: payment.orderID, sagaId: payment.sagaID, paymentId: payment.id, reason: reason))
        }
    }

    static func refunded(_ refund: Refund, _ payment: Payment) throws -> OutboxEvent {
        try event(
            EventType.paymentRefunded, payment,
            PaymentRefunded(
                orderId: payment.orderID, sagaId: payment.sagaID, paymentId: payment.id, refundId: refund.id,
                amount: refund.amount))
    }

    /// A refund that had been told as given back was not.
    static func refundFailed(_ refund: Refund, _ payment: Payment) throws -> OutboxEvent {
        try event(
            EventType.paymentRefundFailed, payment,
            PaymentRefundFailed(
                orderId: payment.orderID, sagaId: payment.sagaID, paymentId: payment.id, refundId: refund.id,
                amount: refund.amount, reason: refund.failureCode ?? "unknown"))
    }

    private static func event(
        _ type: String, _ payment: Payment, _ data: some Encodable & Sendable
    ) throws -> OutboxEvent {
        try OutboxEvent(
            type: type, aggregateType: "payment", aggregateID: payment.orderID.lowercased,
            source: PaymentLedger.source, data: data)
    }
}
