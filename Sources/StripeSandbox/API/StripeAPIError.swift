/// An error as Stripe answers it.
/// Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes
struct StripeAPIError: Error, Sendable {
    let status: Int
    let type: String
    let code: String?
    let message: String
    var parameter: String?
    var declineCode: String?
    var charge: String?
    /// The PaymentIntent that the error is about, as it is now.
    var paymentIntent: JSONValue?
    /// Whether the outcome is kept under the idempotency key: not when the parameters failed validation.
    var isRemembered = true
    var headers: [String: String] = [:]

    var body: JSONValue {
        var error: [String: JSONValue] = ["type": .string(type), "message": .string(message)]
        if let code {
            error["code"] = .string(code)
            error["doc_url"] = .string("https://stripe.com/docs/error-codes/\(code.replacing("_", with: "-"))")
        }
        if let parameter { error["param"] = .string(parameter) }
        if let declineCode { error["decline_code"] = .string(declineCode) }
        if let charge { error["charge"] = .string(charge) }
        if let paymentIntent { error["payment_intent"] = paymentIntent }
        return ["error": .object(error)]
    }

    /// The parameters failed validation: nothing ran, nothing is remembered.
    static func invalid(_ message: String, parameter: String?, code: String? = nil) -> StripeAPIError {
        StripeAPIError(
            status: 400, type: "invalid_request_error", code: code, message: message, parameter: parameter,
            isRemembered: false)
    }

    static func missing(_ parameter: String) -> StripeAPIError {
        .invalid("Missing required param: \(parameter).", parameter: parameter, code: "parameter_missing")
    }

    static func notFound(_ kind: String, _ id: String, parameter: String) -> StripeAPIError {
        StripeAPIError(
            status: 404, type: "invalid_request_error", code: "resource_missing", message: "No such \(kind): '\(id)'",
            parameter: parameter)
    }

    static func unexpectedState(_ message: String, paymentIntent: JSONValue?) -> StripeAPIError {
        StripeAPIError(
            status: 400, type: "invalid_request_error", code: "payment_intent_unexpected_state", message: message,
            paymentIntent: paymentIntent)
    }

    static let unauthorized = StripeAPIError(
        status: 401, type: "invalid_request_error", code: nil, message: "Invalid API Key provided.",
        isRemembered: false)

    static func unknownRoute(_ method: String, _ path: String) -> StripeAPIError {
        StripeAPIError(
            status: 404, type: "invalid_request_error", code: nil,
            message: "Unrecognized request URL (\(method): \(path)).", isRemembered: false)
    }

    static let otherParameters = StripeAPIError(
        status: 400, type: "idempotency_error", code: nil,
        message: "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            + "Try using another key if you meant to execute a different request.", isRemembered: false)

    static let keyInUse = StripeAPIError(
        status: 409, type: "idempotency_error", code: "idempotency_key_in_use",
        message: "There is currently another in-progress request using this idempotency key.", isRemembered: false,
        headers: ["Stripe-Should-Retry": "true"])

    static let rateLimited = StripeAPIError(
        status: 429, type: "invalid_request_error", code: "rate_limit", message: "Request rate limit exceeded.",
        isRemembered: false, headers: ["Retry-After": "1"])

    static let lockTimeout = StripeAPIError(
        status: 429, type: "invalid_request_error", code: "lock_timeout",
        message: "This object cannot be accessed right now because another API request is accessing it.",
        isRemembered: false, headers: ["Stripe-Should-Retry": "true"])

    static func server(_ status: Int) -> StripeAPIError {
        StripeAPIError(
            status: status, type: "api_error", code: nil, message: "An unexpected error occurred.")
    }
}
