extension SandboxLedger {
    private static let createParameters: Set<String> = [
        "amount", "currency", "automatic_payment_methods", "capture_method", "confirm", "customer", "description",
        "error_on_requires_action", "expand", "metadata", "off_session", "payment_method", "payment_method_types",
        "return_url", "receipt_email", "statement_descriptor", "statement_descriptor_suffix",
    ]

    mutating func createPaymentIntent(_ parameters: FormParameters, _ call: Call) throws(StripeAPIError) -> JSONValue {
        try ParameterRules.check(parameters, allowed: Self.createParameters)
        let currency = try ParameterRules.currency(parameters)
        let amount = try ParameterRules.chargeAmount(parameters)
        let metadata = try ParameterRules.metadata(parameters)
        let capture = try ParameterRules.choice(
            parameters, "capture_method", of: ["automatic", "automatic_async", "manual"])
        let confirms = parameters.string("confirm") == "true"
        let method = parameters.string("payment_method")
        if let method { _ = try ParameterRules.testPaymentMethod(method) }
        if confirms, method == nil {
            throw .invalid(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                parameter: "payment_method", code: "parameter_missing")
        }
        let automatic = parameters.members("automatic_payment_methods")
        let isAutomatic = automatic["enabled"] == "true" || parameters.list("payment_method_types").isEmpty
        let allowsRedirects = isAutomatic && automatic["allow_redirects"] != "never"
        if confirms { try checkReturnURL(parameters, allowsRedirects: allowsRedirects) }

        let id = identifier("pi")
        let intent = PaymentIntentRecord(
            id: id, clientSecret: "\(id)_secret_\(identifier("s"))", sequence: nextSequence(),
            created: clock(), amount: amount, currency: currency, isManualCapture: capture == "manual",
            automaticPaymentMethods: isAutomatic, allowsRedirects: allowsRedirects,
            description: parameters.string("description"), customer: parameters.string("customer"),
            metadata: metadata, status: method == nil ? .requiresPaymentMethod : .requiresConfirmation,
            paymentMethod: method)
        save(intent)
        emit("payment_intent.created", intent, call)
        if confirms, let method { try confirm(intent, method: method, parameters, call) }
        return try retrievePaymentIntent(id, parameters, call)
    }

    /// A browser may only see what it has the client secret of.
    private func intent(_ id: String, _ call: Call, _ parameter: String = "intent") throws(StripeAPIError)
        -> PaymentIntentRecord
    {
        guard let intent = intents[id], !call.isBrowser || call.clientSecret == intent.clientSecret else {
            throw .notFound("payment_intent", id, parameter: parameter)
        }
        return intent
    }

    func retrievePaymentIntent(_ id: String, _ parameters: FormParameters, _ call: Call) throws(StripeAPIError)
        -> JSONValue
    {
        expanded(try intent(id, call), parameters.list("expand"))
    }

    private func expanded(_ intent: PaymentIntentRecord, _ paths: [String]) -> JSONValue {
        var json = intent.json
        if paths.contains("latest_charge"), let charge = intent.latestCharge.flatMap({ charges[$0] }) {
            json["latest_charge"] = charge.json
        }
        return json
    }

    func listPaymentIntents(_ parameters: FormParameters) throws(StripeAPIError) -> JSONValue {
        let customer = parameters.string("customer")
        let paths = parameters.list("expand").map { $0.replacing("data.", with: "") }
        return try ListPage(parameters).answer(
            path: "/v1/payment_intents", count: intentOrder.count,
            indexOf: { id throws(StripeAPIError) in
                guard let index = intentOrder.firstIndex(of: id) else {
                    throw .notFound("payment_intent", id, parameter: "starting_after")
                }
                return index
            },
            created: { intents[intentOrder[$0]]?.created ?? 0 },
            matches: { customer == nil || intents[intentOrder[$0]]?.customer == customer },
            json: { index in intents[intentOrder[index]].map { expanded($0, paths) } ?? nil })
    }

    mutating func confirmPaymentIntent(
        _ id: String, _ parameters: FormParameters, _ call: Call
    ) throws(StripeAPIError) -> JSONValue {
        try ParameterRules.check(
            parameters,
            allowed: [
                "client_secret", "error_on_requires_action", "expand", "off_session", "payment_method", "return_url",
            ])
        let given = parameters.string("payment_method")
        if let given { _ = try ParameterRules.testPaymentMethod(given) }
        let intent = try intent(id, call)
        // A browser follows redirects by itself: its SDK gives the page to come back to.
        if !call.isBrowser { try checkReturnURL(parameters, allowsRedirects: intent.allowsRedirects) }
        switch intent.status {
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction: break
        case .succeeded:
            throw .unexpectedState(
                "You cannot confirm this PaymentIntent because it has already succeeded after being previously "
                    + "confirmed.", paymentIntent: intent.json)
        case .processing, .requiresCapture, .canceled:
            throw .unexpectedState(
                "You cannot confirm this PaymentIntent because it has a status of \(intent.status.rawValue).",
                paymentIntent: intent.json)
        }
        guard let method = given ?? intent.paymentMethod else {
            throw .unexpectedState(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                paymentIntent: intent.json)
        }
        try confirm(intent, method: method, parameters, call)
        return try retrievePaymentIntent(id, parameters, call)
    }

    /// With payment methods that may redirect, a server has to say where the customer comes back to.
    private func checkReturnURL(_ parameters: FormParameters, allowsRedirects: Bool) throws(StripeAPIError) {
        guard allowsRedirects, parameters.string("return_url") == nil else { return }
        throw .invalid(
            "This PaymentIntent is configured to accept payment methods that might redirect your customer: you must "
                + "provide a `return_url`, or set automatic_payment_methods[allow_redirects] to never.",
            parameter: "return_url")
    }

    mutating func cancelPaymentIntent(
        _ id: String, _ parameters: FormParameters, _ call: Call
    ) throws(StripeAPIError) -> JSONValue {
        try ParameterRules.check(parameters, allowed: ["cancellation_reason", "expand"])
        let reason = try ParameterRules.choice(
            parameters, "cancellation_reason", of: ["abandoned", "duplicate", "fraudulent", "requested_by_customer"])
        var intent = try intent(id, call)
        switch intent.status {
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction, .requiresCapture: break
        case .processing, .succeeded, .canceled:
            throw .unexpectedState(
                "You cannot cancel this PaymentIntent because it has a status of \(intent.status.rawValue). Only a "
                    + "PaymentIntent with one of the following statuses may be canceled: requires_payment_method, "
                    + "requires_capture, requires_confirmation, requires_action.",
                paymentIntent: intent.json)
        }
        intent.status = .canceled
        intent.canceledAt = clock()
        intent.cancellationReason = reason
        save(intent)
        emit("payment_intent.canceled", intent, call)
        return try retrievePaymentIntent(id, parameters, call)
    }

    mutating func capturePaymentIntent(
        _ id: String, _ parameters: FormParameters, _ call: Call
    ) throws(StripeAPIError) -> JSONValue {
        try ParameterRules.check(parameters, allowed: ["expand"])
        var intent = try intent(id, call)
        guard intent.status == .requiresCapture, var charge = intent.latestCharge.flatMap({ charges[$0] }) else {
            throw .unexpectedState(
                "This PaymentIntent could not be captured because it has a status of \(intent.status.rawValue). Only "
                    + "a PaymentIntent with one of the following statuses may be captured: requires_capture.",
                paymentIntent: intent.json)
        }
        charge.isCaptured = true
        save(charge)
        intent.status = .succeeded
        intent.amountReceived = intent.amount
        save(intent)
        emit("payment_intent.succeeded", intent, call)
        return try retrievePaymentIntent(id, parameters, call)
    }

    mutating func emit(_ type: String, _ intent: PaymentIntentRecord, _ call: Call) {
        emit(type, intent.json, id: intent.id, kind: "payment_intent", call: call)
    }
}
