/// What an unsettled saga waits for; each is given a time, and something happens when it passes.
public enum OrderSagaDeadline: String, Codable, Sendable, Hashable, CaseIterable {
    /// Inventory is to say whether the stock is there.
    case stock
    /// The customer is to pay before the stock's hold ends.
    case payment
    /// Payments is to say how the cancelled PaymentIntent ended.
    case answer
    /// Inventory is to say whether the stock can be had once more for money that came late.
    case rescue
    /// Inventory and payments are to confirm that everything is undone.
    case undo
    /// The whole running phase is over. It is never set by itself: it cuts `stock` and `payment` short.
    case total
}
