import Postgres

/// Where a payment is. It only goes forward, in the order of ``rank``; within `pending` and `processing` it may go back
/// and forth as the customer tries again. Money wins: `succeeded` is reached from everywhere and never left.
enum PaymentStatus: String, Codable, Sendable, Hashable, CaseIterable {
    /// The stock is reserved; the order itself has not come yet.
    case awaitingOrder = "awaiting_order"
    /// The order is known; its stock is not reserved yet. There is no PaymentIntent.
    case awaitingStock = "awaiting_stock"
    /// The PaymentIntent has been asked for.
    case creating
    /// The PaymentIntent waits for the customer.
    case pending
    /// Stripe is processing the payment.
    case processing
    /// No further try will be made; nothing was charged.
    case failed
    /// Nothing was and nothing will be charged.
    case cancelled
    /// Charged.
    case succeeded

    var rank: Int {
        switch self {
        case .awaitingOrder, .awaitingStock: 0
        case .creating: 1
        case .pending, .processing: 2
        case .failed: 3
        case .cancelled: 4
        case .succeeded: 5
        }
    }

    /// Whether the order may still be paid.
    var isOpen: Bool { rank < Self.failed.rank }
}

extension PaymentStatus: PostgresEncodable, PostgresDecodable {}
