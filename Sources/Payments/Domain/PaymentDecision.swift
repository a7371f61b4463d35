/// What is to be done about an input, in the transaction that stores the payment.
enum PaymentEffect: Sendable, Hashable {
    /// Persist the calls that make, and perhaps confirm, the PaymentIntent, and schedule their job.
    case createIntent
    /// Persist the call that cancels the PaymentIntent, unless one is on its way, and schedule its job.
    case cancelIntent
    /// Give all of it back, unless that is on its way or done; then say so again.
    case refundInFull(reason: String)
    case publish(PaymentNews)
    /// Tell a person.
    case alert(String)
}

/// What the other services are told.
enum PaymentNews: Sendable, Hashable {
    case pending(StripePaymentIntent.Status)
    case succeeded
    case failed(reason: String, final: Bool)
    case cancelled(reason: String)
}

/// What an input leads to.
struct PaymentDecision: Sendable, Hashable {
    /// The payment to store.
    var payment: Payment
    /// In the order in which they are to be done.
    var effects: [PaymentEffect]
    /// Why nothing was done; nil when something was, or the row changed.
    var ignored: String?

    static func ignore(_ payment: Payment, _ reason: String) -> PaymentDecision {
        PaymentDecision(payment: payment, effects: [], ignored: reason)
    }

    static func apply(_ payment: Payment, _ effects: PaymentEffect...) -> PaymentDecision {
        PaymentDecision(payment: payment, effects: effects, ignored: nil)
    }
}

extension PaymentEffect: CustomStringConvertible {
    /// As the payment's history keeps it.
    var description: String {
        switch self {
        case .createIntent: "create PaymentIntent"
        case .cancelIntent: "cancel PaymentIntent"
        case .refundInFull(let reason): "refund in full: \(reason)"
        case .publish(let news): news.description
        case .alert(let code): "alert: \(code)"
        }
    }
}

extension PaymentNews: CustomStringConvertible {
    var description: String {
        switch self {
        case .pending(let status): "payment.pending (\(status.rawValue))"
        case .succeeded: "payment.succeeded"
        case .failed(let reason, let final): "payment.failed (\(reason)\(final ? ", final" : ""))"
        case .cancelled(let reason): "payment.cancelled (\(reason))"
        }
    }
}
