extension SandboxLedger {
    /// Runs an operation.
    mutating func perform(
        _ operation: SandboxOperation, _ parameters: FormParameters, _ call: Call
    ) throws(StripeAPIError) -> JSONValue {
        switch operation {
        case .createPaymentIntent: try createPaymentIntent(parameters, call)
        case .retrievePaymentIntent(let id): try retrievePaymentIntent(id, parameters, call)
        case .listPaymentIntents: try listPaymentIntents(parameters)
        case .confirmPaymentIntent(let id): try confirmPaymentIntent(id, parameters, call)
        case .cancelPaymentIntent(let id): try cancelPaymentIntent(id, parameters, call)
        case .capturePaymentIntent(let id): try capturePaymentIntent(id, parameters, call)
        case .createRefund: try createRefund(parameters, call)
        case .retrieveRefund(let id): try retrieveRefund(id, parameters)
        case .listRefunds: try listRefunds(parameters)
        case .retrieveCharge(let id): try retrieveCharge(id)
        case .listEvents: try listEvents(parameters)
        case .retrieveEvent(let id): try retrieveEvent(id)
        }
    }
}
