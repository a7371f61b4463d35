/// What a customer sees of an order.
public enum OrderStatus: String, Codable, Sendable, Hashable, CaseIterable {
    /// Placed; its saga runs.
    case pending = "PENDING"
    /// Paid, and in stock.
    case confirmed = "CONFIRMED"
    /// Out of stock, declined, cancelled by the customer, or its stock was lost.
    case cancelled = "CANCELLED"
    /// A deadline passed.
    case failed = "FAILED"
}
