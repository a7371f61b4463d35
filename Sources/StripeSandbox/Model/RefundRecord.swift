/// A refund.
/// Source of the shape: https://docs.stripe.com/api/refunds/object
struct RefundRecord: Codable, Sendable {
    enum Status: String, Codable, Sendable {
        case pending
        case requiresAction = "requires_action"
        case succeeded
        case failed
        case canceled
    }

    let id: String
    let sequence: Int64
    let created: Int64
    let amount: Int64
    let currency: String
    let charge: String
    let paymentIntent: String
    let reason: String?
    let metadata: [String: String]
    var status: Status
    var failureReason: String?
    /// How it ends when it did not end at once.
    var ending: TestPaymentMethod.Ending?

    var json: JSONValue {
        var refund: [String: JSONValue] = [
            "id": .string(id), "object": "refund",
            "amount": .int(amount),
            "balance_transaction": nil,
            "charge": .string(charge),
            "created": .int(created),
            "currency": .string(currency),
            "metadata": .strings(metadata),
            "payment_intent": .string(paymentIntent),
            "reason": .optional(reason),
            "receipt_number": nil, "source_transfer_reversal": nil, "transfer_reversal": nil,
            "status": .string(status.rawValue),
        ]
        if let failureReason { refund["failure_reason"] = .string(failureReason) }
        return .object(refund)
    }
}
