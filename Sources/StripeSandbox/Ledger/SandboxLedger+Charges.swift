/// What becomes of a PaymentIntent once it is confirmed.
extension SandboxLedger {
    /// How an error names the call that nobody made: the stand-in's own clock did.
    static let byItself = Call(requestID: nil, idempotencyKey: nil, apiVersion: "")

    mutating func confirm(
        _ before: PaymentIntentRecord, method id: String, _ parameters: FormParameters, _ call: Call
    ) throws(StripeAPIError) {
        let method = try ParameterRules.testPaymentMethod(id)
        var intent = before
        intent.paymentMethod = id
        intent.lastFailure = nil
        switch method {
        case .succeeds, .refundEnds:
            succeed(&intent, call)
        case .declined(let code, let declineCode, let message):
            let charge = addCharge(to: intent, method: id, status: "failed", failure: (code, message))
            fail(&intent, code: code, declineCode: declineCode, message: message, charge: charge.id, call)
            throw cardError(intent)
        case .needsAction:
            if parameters.string("off_session") == "true" || parameters.string("error_on_requires_action") == "true" {
                let message = "Your card was declined. This transaction requires authentication."
                let charge = addCharge(
                    to: intent, method: id, status: "failed", failure: ("authentication_required", message))
                fail(
                    &intent, code: "authentication_required", declineCode: "authentication_required",
                    message: message, charge: charge.id, call)
                throw cardError(intent)
            }
            intent.status = .requiresAction
            save(intent)
            emit("payment_intent.requires_action", intent, call)
        case .processing(let ending):
            let charge = addCharge(to: intent, method: id, status: "pending")
            intent.status = .processing
            intent.latestCharge = charge.id
            intent.ending = ending
            save(intent)
            emit("payment_intent.processing", intent, call)
            if ending != .whenTold {
                work.append(.settleIntent(intent.id, succeeds: ending == .succeeds, after: settleDelay))
            }
        }
    }

    /// The customer has done, or failed at, what was asked of them.
    mutating func completeAction(_ id: String, succeeds: Bool) throws(StripeAPIError) {
        guard var intent = intents[id] else { throw .notFound("payment_intent", id, parameter: "intent") }
        guard intent.status == .requiresAction else {
            throw .unexpectedState("This PaymentIntent asks for no action.", paymentIntent: intent.json)
        }
        if succeeds {
            succeed(&intent, Self.byItself)
        } else {
            fail(
                &intent, code: "payment_intent_authentication_failure", declineCode: nil,
                message: "The provided PaymentMethod has failed authentication.", charge: nil, Self.byItself)
        }
    }

    /// A payment that was processing ends.
    mutating func finishProcessing(_ id: String, succeeds: Bool) throws(StripeAPIError) {
        guard var intent = intents[id] else { throw .notFound("payment_intent", id, parameter: "intent") }
        guard intent.status == .processing, var charge = intent.latestCharge.flatMap({ charges[$0] }) else {
            throw .unexpectedState("This PaymentIntent is not processing.", paymentIntent: intent.json)
        }
        intent.ending = nil
        if succeeds {
            charge.status = "succeeded"
            charge.isCaptured = true
            save(charge)
            intent.status = .succeeded
            intent.amountReceived = intent.amount
            save(intent)
            emit("payment_intent.succeeded", intent, Self.byItself)
            emit("charge.succeeded", charge, Self.byItself)
        } else {
            let message = "The payment failed."
            charge.status = "failed"
            charge.failureCode = "payment_intent_payment_attempt_failed"
            charge.failureMessage = message
            save(charge)
            fail(
                &intent, code: "payment_intent_payment_attempt_failed", declineCode: nil, message: message,
                charge: charge.id, Self.byItself)
        }
    }

    private mutating func succeed(_ intent: inout PaymentIntentRecord, _ call: Call) {
        let charge = addCharge(
            to: intent, method: intent.paymentMethod ?? "", status: "succeeded",
            isCaptured: !intent.isManualCapture)
        intent.latestCharge = charge.id
        intent.lastFailure = nil
        if intent.isManualCapture {
            intent.status = .requiresCapture
            save(intent)
            emit("payment_intent.amount_capturable_updated", intent, call)
        } else {
            intent.status = .succeeded
            intent.amountReceived = intent.amount
            save(intent)
            emit("charge.succeeded", charge, call)
            emit("payment_intent.succeeded", intent, call)
        }
    }

    private mutating func fail(
        _ intent: inout PaymentIntentRecord, code: String, declineCode: String?, message: String, charge: String?,
        _ call: Call
    ) {
        intent.lastFailure = PaymentIntentRecord.Failure(
            code: code, declineCode: declineCode, message: message, charge: charge,
            paymentMethod: intent.paymentMethod)
        intent.status = .requiresPaymentMethod
        intent.paymentMethod = nil
        if let charge { intent.latestCharge = charge }
        save(intent)
        if let failed = charge.flatMap({ charges[$0] }) { emit("charge.failed", failed, call) }
        emit("payment_intent.payment_failed", intent, call)
    }

    private mutating func addCharge(
        to intent: PaymentIntentRecord, method: String, status: String, isCaptured: Bool = false,
        failure: (code: String, message: String)? = nil
    ) -> ChargeRecord {
        let charge = ChargeRecord(
            id: identifier("ch"), sequence: nextSequence(), created: clock(), paymentIntent: intent.id,
            amount: intent.amount, currency: intent.currency, paymentMethod: method, metadata: intent.metadata,
            status: status, isCaptured: isCaptured, failureCode: failure?.code, failureMessage: failure?.message)
        save(charge)
        return charge
    }

    private func cardError(_ intent: PaymentIntentRecord) -> StripeAPIError {
        StripeAPIError(
            status: 402, type: "card_error", code: intent.lastFailure?.code,
            message: intent.lastFailure?.message ?? "Your card was declined.",
            declineCode: intent.lastFailure?.declineCode, charge: intent.lastFailure?.charge,
            paymentIntent: intent.json)
    }

    func retrieveCharge(_ id: String) throws(StripeAPIError) -> JSONValue {
        guard let charge = charges[id] else { throw .notFound("charge", id, parameter: "id") }
        return charge.json
    }

    mutating func emit(_ type: String, _ charge: ChargeRecord, _ call: Call) {
        emit(type, charge.json, id: charge.id, kind: "charge", call: call)
    }
}
