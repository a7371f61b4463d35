/// A PaymentIntent as the stand-in keeps it.
/// Source of the shape: https://docs.stripe.com/api/payment_intents/object
struct PaymentIntentRecord: Codable, Sendable {
    enum Status: String, Codable, Sendable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled
    }

    struct Failure: Codable, Sendable {
        let code: String
        let declineCode: String?
        let message: String
        /// Nil when the try failed before there was a charge (authentication).
        let charge: String?
        let paymentMethod: String?

        var json: JSONValue {
            var error: [String: JSONValue] = [
                "type": "card_error", "code": .string(code), "message": .string(message),
                "doc_url": .string("https://stripe.com/docs/error-codes/\(code.replacing("_", with: "-"))"),
            ]
            if let declineCode { error["decline_code"] = .string(declineCode) }
            if let charge { error["charge"] = .string(charge) }
            if let paymentMethod {
                error["payment_method"] = ["id": .string(paymentMethod), "object": "payment_method", "type": "card"]
            }
            return .object(error)
        }
    }

    let id: String
    let clientSecret: String
    /// The place in the order of creation.
    let sequence: Int64
    /// Unix seconds.
    let created: Int64
    let amount: Int64
    let currency: String
    let isManualCapture: Bool
    let automaticPaymentMethods: Bool
    let allowsRedirects: Bool
    let description: String?
    let customer: String?
    var metadata: [String: String]
    var status: Status
    var paymentMethod: String?
    var amountReceived: Int64 = 0
    var latestCharge: String?
    var lastFailure: Failure?
    var canceledAt: Int64?
    var cancellationReason: String?
    /// How it ends when it is processing.
    var ending: TestPaymentMethod.Ending?

    var json: JSONValue {
        [
            "id": .string(id), "object": "payment_intent",
            "amount": .int(amount),
            "amount_capturable": .int(status == .requiresCapture ? amount : 0),
            "amount_details": ["tip": [:]],
            "amount_received": .int(amountReceived),
            "application": nil, "application_fee_amount": nil,
            "automatic_payment_methods": automaticPaymentMethods
                ? ["enabled": true, "allow_redirects": .string(allowsRedirects ? "always" : "never")] : nil,
            "canceled_at": .optional(canceledAt),
            "cancellation_reason": .optional(cancellationReason),
            "capture_method": .string(isManualCapture ? "manual" : "automatic_async"),
            "client_secret": .string(clientSecret),
            "confirmation_method": "automatic",
            "created": .int(created),
            "currency": .string(currency),
            "customer": .optional(customer),
            "description": .optional(description),
            "last_payment_error": lastFailure?.json ?? nil,
            "latest_charge": .optional(latestCharge),
            "livemode": false,
            "metadata": .strings(metadata),
            "next_action": status == .requiresAction
                ? [
                    "type": "use_stripe_sdk",
                    "use_stripe_sdk": ["type": "three_d_secure_redirect", "source": .string("src_of_\(id)")],
                ] : nil,
            "on_behalf_of": nil,
            "payment_method": .optional(paymentMethod),
            "payment_method_options": ["card": ["request_three_d_secure": "automatic"]],
            "payment_method_types": ["card"],
            "processing": nil, "receipt_email": nil, "review": nil, "setup_future_usage": nil, "shipping": nil,
            "source": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil,
            "status": .string(status.rawValue),
            "transfer_data": nil, "transfer_group": nil,
        ]
    }
}
