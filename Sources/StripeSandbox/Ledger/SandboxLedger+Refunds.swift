extension SandboxLedger {
    mutating func createRefund(_ parameters: FormParameters, _ call: Call) throws(StripeAPIError) -> JSONValue {
        try ParameterRules.check(
            parameters, allowed: ["amount", "charge", "expand", "metadata", "payment_intent", "reason"])
        let given = try ParameterRules.integer(parameters, "amount")
        let metadata = try ParameterRules.metadata(parameters)
        let reason = try ParameterRules.choice(
            parameters, "reason", of: ["duplicate", "fraudulent", "requested_by_customer"])
        if let given, given < 1 {
            throw .invalid("Invalid positive integer", parameter: "amount", code: "parameter_invalid_integer")
        }
        var charge = try chargeToRefund(parameters)
        let left = charge.amount - charge.amountRefunded
        guard left > 0 else {
            throw StripeAPIError(
                status: 400, type: "invalid_request_error", code: "charge_already_refunded",
                message: "Charge \(charge.id) has already been refunded.")
        }
        let amount = given ?? left
        guard amount <= left else {
            throw StripeAPIError(
                status: 400, type: "invalid_request_error", code: nil,
                message: "Refund amount (\(amount)) is greater than unrefunded amount on charge (\(left)).",
                parameter: "amount")
        }
        var refund = RefundRecord(
            id: identifier("re"), sequence: nextSequence(), created: clock(), amount: amount,
            currency: charge.currency, charge: charge.id, paymentIntent: charge.paymentIntent, reason: reason,
            metadata: metadata, status: .succeeded)
        if case .refundEnds(let ending, let startsPending) = TestPaymentMethod(charge.paymentMethod) {
            refund.status = startsPending ? .pending : .succeeded
            refund.ending = ending
            if ending != .whenTold {
                work.append(.settleRefund(refund.id, succeeds: ending == .succeeds, after: settleDelay))
            }
        }
        charge.amountRefunded += amount
        save(charge)
        save(refund)
        emit("refund.created", refund, call)
        if refund.status == .succeeded { emit("charge.refunded", charge, call) }
        return try retrieveRefund(refund.id, parameters)
    }

    private func chargeToRefund(_ parameters: FormParameters) throws(StripeAPIError) -> ChargeRecord {
        if let id = parameters.string("charge") {
            guard let charge = charges[id] else { throw .notFound("charge", id, parameter: "charge") }
            guard charge.status == "succeeded" else {
                throw StripeAPIError(
                    status: 400, type: "invalid_request_error", code: nil,
                    message: "Charge \(id) was not successful.", parameter: "charge")
            }
            return charge
        }
        guard let id = parameters.string("payment_intent") else {
            throw .invalid("One of the following params should be provided: payment_intent or charge.", parameter: nil)
        }
        guard let intent = intents[id] else { throw .notFound("payment_intent", id, parameter: "payment_intent") }
        guard let charge = intent.latestCharge.flatMap({ charges[$0] }), charge.status == "succeeded",
            charge.isCaptured
        else {
            throw StripeAPIError(
                status: 400, type: "invalid_request_error", code: nil,
                message: "This PaymentIntent (\(id)) does not have a successful charge to refund.",
                parameter: "payment_intent")
        }
        return charge
    }

    /// A refund ends: it was pending, or the bank sends the money of one that had succeeded back.
    mutating func finishRefund(_ id: String, succeeds: Bool) throws(StripeAPIError) {
        guard var refund = refunds[id], var charge = charges[refund.charge] else {
            throw .notFound("refund", id, parameter: "id")
        }
        let before = refund.status
        guard before == .pending || before == .requiresAction || (before == .succeeded && !succeeds) else {
            throw StripeAPIError(
                status: 400, type: "invalid_request_error", code: nil,
                message: "This refund has a status of \(before.rawValue).")
        }
        refund.ending = nil
        refund.status = succeeds ? .succeeded : .failed
        if !succeeds {
            refund.failureReason = "expired_or_canceled_card"
            charge.amountRefunded -= refund.amount
            save(charge)
        }
        save(refund)
        let previous: JSONValue = ["status": .string(before.rawValue)]
        emit("refund.updated", refund, Self.byItself, previous: previous)
        if succeeds { emit("charge.refunded", charge, Self.byItself) }
        if !succeeds { emit("refund.failed", refund, Self.byItself) }
    }

    func retrieveRefund(_ id: String, _ parameters: FormParameters) throws(StripeAPIError) -> JSONValue {
        guard let refund = refunds[id] else { throw .notFound("refund", id, parameter: "id") }
        var json = refund.json
        let paths = parameters.list("expand")
        if paths.contains("charge"), let charge = charges[refund.charge] { json["charge"] = charge.json }
        if paths.contains("payment_intent"), let intent = intents[refund.paymentIntent] {
            json["payment_intent"] = intent.json
        }
        return json
    }

    func listRefunds(_ parameters: FormParameters) throws(StripeAPIError) -> JSONValue {
        let intent = parameters.string("payment_intent")
        let charge = parameters.string("charge")
        return try ListPage(parameters).answer(
            path: "/v1/refunds", count: refundOrder.count,
            indexOf: { id throws(StripeAPIError) in
                guard let index = refundOrder.firstIndex(of: id) else {
                    throw .notFound("refund", id, parameter: "starting_after")
                }
                return index
            },
            created: { refunds[refundOrder[$0]]?.created ?? 0 },
            matches: { index in
                guard let refund = refunds[refundOrder[index]] else { return false }
                return (intent == nil || refund.paymentIntent == intent) && (charge == nil || refund.charge == charge)
            },
            json: { refunds[refundOrder[$0]]?.json ?? nil })
    }

    private mutating func emit(
        _ type: String, _ refund: RefundRecord, _ call: Call, previous: JSONValue? = nil
    ) {
        emit(type, refund.json, id: refund.id, kind: "refund", call: call, previous: previous)
    }
}
