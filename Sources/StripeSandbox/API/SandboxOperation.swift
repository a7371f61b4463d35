/// What a request asks for.
enum SandboxOperation: Sendable, Hashable {
    case createPaymentIntent
    case retrievePaymentIntent(String)
    case listPaymentIntents
    case confirmPaymentIntent(String)
    case cancelPaymentIntent(String)
    case capturePaymentIntent(String)
    case createRefund
    case retrieveRefund(String)
    case listRefunds
    case retrieveCharge(String)
    case listEvents
    case retrieveEvent(String)

    /// Nil for what Stripe (or this stand-in) does not know.
    init?(method: String, path: String) {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count >= 2, parts[0] == "v1" else { return nil }
        switch (method, parts[1], parts.count) {
        case ("POST", "payment_intents", 2): self = .createPaymentIntent
        case ("GET", "payment_intents", 2): self = .listPaymentIntents
        case ("GET", "payment_intents", 3): self = .retrievePaymentIntent(parts[2])
        case ("POST", "payment_intents", 4):
            switch parts[3] {
            case "confirm": self = .confirmPaymentIntent(parts[2])
            case "cancel": self = .cancelPaymentIntent(parts[2])
            case "capture": self = .capturePaymentIntent(parts[2])
            default: return nil
            }
        case ("POST", "refunds", 2): self = .createRefund
        case ("GET", "refunds", 2): self = .listRefunds
        case ("GET", "refunds", 3): self = .retrieveRefund(parts[2])
        case ("GET", "charges", 3): self = .retrieveCharge(parts[2])
        case ("GET", "events", 2): self = .listEvents
        case ("GET", "events", 3): self = .retrieveEvent(parts[2])
        default: return nil
        }
    }

    /// The name by which faults are aimed.
    var name: String {
        switch self {
        case .createPaymentIntent: "payment_intents.create"
        case .retrievePaymentIntent: "payment_intents.retrieve"
        case .listPaymentIntents: "payment_intents.list"
        case .confirmPaymentIntent: "payment_intents.confirm"
        case .cancelPaymentIntent: "payment_intents.cancel"
        case .capturePaymentIntent: "payment_intents.capture"
        case .createRefund: "refunds.create"
        case .retrieveRefund: "refunds.retrieve"
        case .listRefunds: "refunds.list"
        case .retrieveCharge: "charges.retrieve"
        case .listEvents: "events.list"
        case .retrieveEvent: "events.retrieve"
        }
    }

    /// Whether it changes something, and so heeds an idempotency key.
    var isWrite: Bool {
        switch self {
        case .createPaymentIntent, .confirmPaymentIntent, .cancelPaymentIntent, .capturePaymentIntent, .createRefund:
            true
        default: false
        }
    }

    /// Whether a page in a browser, with a publishable key and a client secret, may ask for it.
    var isForBrowsers: Bool {
        switch self {
        case .retrievePaymentIntent, .confirmPaymentIntent: true
        default: false
        }
    }
}
