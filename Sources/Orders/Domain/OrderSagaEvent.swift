public import Contracts
public import Foundation

/// Something that happened and that the saga has to hear of.
public enum OrderSagaEvent: Codable, Sendable, Hashable {
    case stockReserved(reservationId: UUID, expiresAt: Date)
    case outOfStock([Shortage])
    /// `reason` is inventory's: `cancelled`, `failed`, `expired` or `operator`.
    case stockReleased(reservationId: UUID?, reason: String)
    /// `status` is that of Stripe's PaymentIntent.
    case paymentPending(status: String)
    case paymentSucceeded
    case paymentFailed(final: Bool)
    case paymentCancelled
    /// `amount` in minor units of the order's currency.
    case paymentRefunded(refundId: UUID, amount: Int64)
    /// What it had given back is not given back after all.
    case refundFailed(refundId: UUID)
    case deadlinePassed(OrderSagaDeadline)
    case cancelRequested
    case retryRequested

    /// The event without its data, as far as the table tells events apart. The raw value is the name in the history and
    /// in the documentation.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case stockReserved = "inventory.reserved.v1"
        case outOfStock = "inventory.out-of-stock.v1"
        /// The hold ended by itself, or an operator ended it.
        case holdEnded = "inventory.released.v1 (expired)"
        /// The answer to the order's own end.
        case stockReleased = "inventory.released.v1"
        case paymentPending = "payment.pending.v1"
        case paymentProcessing = "payment.pending.v1 (processing)"
        case paymentSucceeded = "payment.succeeded.v1"
        case paymentTryFailed = "payment.failed.v1"
        case paymentDeclined = "payment.failed.v1 (final)"
        case paymentCancelled = "payment.cancelled.v1"
        case paymentRefunded = "payment.refunded.v1"
        case refundFailed = "payment.refund-failed.v1"
        case stockDeadline = "deadline.stock"
        case paymentDeadline = "deadline.payment"
        case answerDeadline = "deadline.answer"
        case rescueDeadline = "deadline.rescue"
        case undoDeadline = "deadline.undo"
        case totalDeadline = "deadline.total"
        case cancelRequested = "customer.cancel"
        case retryRequested = "operator.retry"
    }

    /// Which row of the table it is looked up in.
    public var kind: Kind {
        switch self {
        case .stockReserved: .stockReserved
        case .outOfStock: .outOfStock
        case .stockReleased(_, let reason):
            reason == "cancelled" || reason == "failed" ? .stockReleased : .holdEnded
        case .paymentPending(let status): status == "processing" ? .paymentProcessing : .paymentPending
        case .paymentSucceeded: .paymentSucceeded
        case .paymentFailed(let final): final ? .paymentDeclined : .paymentTryFailed
        case .paymentCancelled: .paymentCancelled
        case .paymentRefunded: .paymentRefunded
        case .refundFailed: .refundFailed
        case .deadlinePassed(.stock): .stockDeadline
        case .deadlinePassed(.payment): .paymentDeadline
        case .deadlinePassed(.answer): .answerDeadline
        case .deadlinePassed(.rescue): .rescueDeadline
        case .deadlinePassed(.undo): .undoDeadline
        case .deadlinePassed(.total): .totalDeadline
        case .cancelRequested: .cancelRequested
        case .retryRequested: .retryRequested
        }
    }
}
