/// Where an order's saga is.
public enum OrderSagaStep: String, Codable, Sendable, Hashable, CaseIterable {
    /// The order is placed; inventory has been asked.
    case started = "STARTED"
    /// The stock is held; the payment has not begun.
    case stockReserved = "STOCK_RESERVED"
    /// A payment exists; the customer or Stripe has to act.
    case paymentPending = "PAYMENT_PENDING"
    /// Paid, and the stock is the customer's.
    case completed = "COMPLETED"
    /// The stock could not be had, or inventory did not answer in time.
    case stockFailed = "STOCK_FAILED"
    /// The payment was declined, cancelled or not made in time.
    case paymentFailed = "PAYMENT_FAILED"
    /// Cancelled by the customer, or its stock was lost after the payment.
    case cancelled = "CANCELLED"

    /// The steps in which the outcome is still open.
    public static let running: [Self] = [.started, .stockReserved, .paymentPending]
    /// Ended by a failure or a time-out: a late payment may still save the order.
    public static let failed: [Self] = [.stockFailed, .paymentFailed]
    /// Ended, and whatever was done has to be undone.
    public static let undone: [Self] = failed + [.cancelled]

    /// Whether the outcome is still open.
    public var isRunning: Bool { Self.running.contains(self) }
    /// Whether the saga has ended otherwise than by success.
    public var isUndone: Bool { Self.undone.contains(self) }
}
