/// An end that the load wants of an order, and how an order shows it.
enum LoadOutcome: String, Sendable, Codable, CaseIterable {
    case success
    case outOfStock = "out-of-stock"
    case declined
    case cancelled

    /// The order's status and reason at that end.
    var expected: (status: String, reason: String?) {
        switch self {
        case .success: ("CONFIRMED", nil)
        case .outOfStock: ("CANCELLED", "out_of_stock")
        case .declined: ("CANCELLED", "payment_declined")
        case .cancelled: ("CANCELLED", "customer_request")
        }
    }

    /// What the order names; without one it waits for the customer, who cancels.
    var paymentMethod: String? {
        switch self {
        case .success, .outOfStock: "pm_card_visa"
        case .declined: "pm_card_chargeDeclined"
        case .cancelled: nil
        }
    }
}
