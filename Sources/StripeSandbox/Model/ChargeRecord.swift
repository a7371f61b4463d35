/// A charge: one try to take the money.
/// Source of the shape: https://docs.stripe.com/api/charges/object
struct ChargeRecord: Codable, Sendable {
    let id: String
    let sequence: Int64
    let created: Int64
    let paymentIntent: String
    let amount: Int64
    let currency: String
    let paymentMethod: String
    let metadata: [String: String]
    /// `succeeded`, `pending` or `failed`.
    var status: String
    var isCaptured: Bool
    /// What refunds that did not fail take, whatever they have reached.
    var amountRefunded: Int64 = 0
    var failureCode: String?
    var failureMessage: String?

    var json: JSONValue {
        [
            "id": .string(id), "object": "charge",
            "amount": .int(amount),
            "amount_captured": .int(isCaptured ? amount : 0),
            "amount_refunded": .int(amountRefunded),
            "balance_transaction": nil,
            "billing_details": ["address": nil, "email": nil, "name": nil, "phone": nil],
            "captured": .bool(isCaptured),
            "created": .int(created),
            "currency": .string(currency),
            "customer": nil, "description": nil, "disputed": false,
            "failure_code": .optional(failureCode),
            "failure_message": .optional(failureMessage),
            "livemode": false,
            "metadata": .strings(metadata),
            "outcome": [
                "network_status": .string(status == "failed" ? "declined_by_network" : "approved_by_network"),
                "type": .string(status == "failed" ? "issuer_declined" : "authorized"),
            ],
            "paid": .bool(status == "succeeded"),
            "payment_intent": .string(paymentIntent),
            "payment_method": .string(paymentMethod),
            "refunded": .bool(amountRefunded == amount),
            "status": .string(status),
        ]
    }
}
