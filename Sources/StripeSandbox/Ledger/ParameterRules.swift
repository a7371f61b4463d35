/// The checks of a request's parameters. What fails here never ran, so nothing is kept under its idempotency key.
enum ParameterRules {
    static func check(_ parameters: FormParameters, allowed: Set<String>) throws(StripeAPIError) {
        let unknown = parameters.names.subtracting(allowed).sorted()
        if let first = unknown.first {
            throw .invalid("Received unknown parameter: \(first)", parameter: first, code: "parameter_unknown")
        }
    }

    static func integer(_ parameters: FormParameters, _ name: String) throws(StripeAPIError) -> Int64? {
        guard let text = parameters.string(name) else { return nil }
        guard let number = Int64(text) else {
            throw .invalid("Invalid integer: \(text)", parameter: name, code: "parameter_invalid_integer")
        }
        return number
    }

    /// An amount to charge: at most eight digits, and at least Stripe's minimum.
    /// Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
    static func chargeAmount(_ parameters: FormParameters) throws(StripeAPIError) -> Int64 {
        guard let amount = try integer(parameters, "amount") else { throw .missing("amount") }
        if amount < 50 {
            throw .invalid(
                "Amount must be at least the minimum charge amount.", parameter: "amount", code: "amount_too_small")
        }
        if amount > 99_999_999 {
            throw .invalid("Amount must be no more than 8 digits.", parameter: "amount", code: "amount_too_large")
        }
        return amount
    }

    static func currency(_ parameters: FormParameters) throws(StripeAPIError) -> String {
        guard let currency = parameters.string("currency") else { throw .missing("currency") }
        guard currency.count == 3, currency.allSatisfy({ $0.isASCII && $0.isLetter }) else {
            throw .invalid("Invalid currency: \(currency).", parameter: "currency")
        }
        return currency.lowercased()
    }

    /// 50 keys, 40 characters a key, 500 a value.
    static func metadata(_ parameters: FormParameters) throws(StripeAPIError) -> [String: String] {
        let metadata = parameters.members("metadata").filter { !$0.value.isEmpty }
        if metadata.count > 50 {
            throw .invalid("Metadata can have at most 50 keys.", parameter: "metadata")
        }
        for (key, value) in metadata {
            if key.count > 40 {
                throw .invalid("Metadata keys can be at most 40 characters long.", parameter: "metadata")
            }
            if value.count > 500 {
                throw .invalid("Metadata values can be at most 500 characters long.", parameter: "metadata[\(key)]")
            }
        }
        return metadata
    }

    static func choice(
        _ parameters: FormParameters, _ name: String, of allowed: [String]
    ) throws(StripeAPIError) -> String? {
        guard let value = parameters.string(name) else { return nil }
        guard allowed.contains(value) else {
            throw .invalid("Invalid \(name): must be one of \(allowed.joined(separator: ", ")).", parameter: name)
        }
        return value
    }

    static func testPaymentMethod(_ id: String) throws(StripeAPIError) -> TestPaymentMethod {
        guard let method = TestPaymentMethod(id) else {
            throw .invalid("No such PaymentMethod: '\(id)'", parameter: "payment_method", code: "resource_missing")
        }
        return method
    }
}
