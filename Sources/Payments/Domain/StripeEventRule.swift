/// What is to be done about an event of Stripe's.
enum StripeEventAction: Sendable, Hashable {
    /// It is nothing to this service.
    case ignore(String)
    /// Its PaymentIntent is not known here yet: the event is kept, and applied when it is.
    case wait
    /// The event's own snapshot is final: it is applied as it is.
    case apply(StripePaymentIntent)
    /// The snapshot may be old, or there is none: Stripe is asked, and what it shows is applied.
    case read
    /// What it tells has been applied already, or overtaken.
    case known(String)
}

/// The decision about an event: a pure function of the event and of what is known.
enum StripeEventRule {
    /// What is known of the event's object.
    struct Knowledge: Sendable, Hashable {
        /// The payment of its PaymentIntent.
        var payment: Payment?
        /// Whether the failed try that it tells of has been counted.
        var isFailureCounted = false
        /// The status of the refund that it tells of.
        var refundStatus: RefundStatus?
        /// What refunds that succeeded gave back of the payment, in minor units.
        var refundedSoFar: Int64 = 0
    }

    /// The types that this service acts on; all others are recorded and acknowledged.
    static let handledTypes: Set<String> = [
        "payment_intent.requires_action", "payment_intent.processing", "payment_intent.succeeded",
        "payment_intent.payment_failed", "payment_intent.canceled", "payment_intent.partially_funded",
        "payment_intent.amount_capturable_updated", "charge.refunded", "charge.refund.updated", "refund.created",
        "refund.updated", "refund.failed",
    ]

    /// Why an event of a PaymentIntent is ignored that carries no order of ours: others use the same account.
    static let foreign = "not of this service"

    static func decide(_ event: StripeEvent, _ known: Knowledge) -> StripeEventAction {
        guard handledTypes.contains(event.type) else { return .ignore("type not handled") }
        if case .paymentIntent(let intent) = event.subject, known.payment == nil,
            intent.orderID == nil
        {
            return .ignore(foreign)
        }
        guard let payment = known.payment else { return .wait }
        switch event.subject {
        case .paymentIntent(let intent): return decide(event.type, intent, payment, known)
        case .refund(let refund):
            let isKnown = refund.status != .unknown && known.refundStatus == RefundStatus(refund.status)
            return isKnown ? .known("refund is \(refund.status.rawValue)") : .read
        case .charge(_, _, let refunded):
            return refunded == known.refundedSoFar ? .known("refunds are known") : .read
        case .named("payment_intent", _): return isOver(payment, event.type) ? .known("the payment has ended") : .read
        case .named: return .read
        }
    }

    private static func decide(
        _ type: String, _ intent: StripePaymentIntent, _ payment: Payment, _ known: Knowledge
    ) -> StripeEventAction {
        if isOver(payment, type) { return .known("the payment is \(payment.status.rawValue)") }
        switch type {
        // Both are final at Stripe: nothing can have happened since that matters.
        case "payment_intent.succeeded" where intent.status == .succeeded: return .apply(intent)
        case "payment_intent.canceled" where intent.status == .canceled: return .apply(intent)
        // A failure may be the last word or long overtaken: it could end an order that has been paid since.
        case "payment_intent.payment_failed":
            return known.isFailureCounted ? .known("the try is counted") : .read
        default:
            return payment.stripeStatus == intent.status ? .known("it is \(intent.status.rawValue)") : .read
        }
    }

    /// Whether nothing that an event of this type could tell would change the payment.
    private static func isOver(_ payment: Payment, _ type: String) -> Bool {
        switch payment.status {
        case .succeeded: true
        case .cancelled: type != "payment_intent.succeeded"
        default: false
        }
    }
}
