/// A request to Stripe that did not succeed.
///
/// Its description has neither keys, nor bodies, nor what Stripe says in words: that may name a customer.
public struct StripeError: Error, Sendable {
    /// What kind of failure it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// 402: the payment method was declined.
        case card
        /// 400, 404 and the like: Stripe does not do this.
        case invalidRequest
        /// The idempotency key was used with other parameters, or is in use at the moment.
        case idempotency
        /// 401 or 403: the key is wrong or may not do this.
        case authentication
        /// 429.
        case rateLimited
        /// 5xx.
        case api
        /// The connection could not be made, or broke.
        case connection
        /// No answer in time.
        case timeout
        /// An answer that is not what the API documents.
        case malformed
        /// It was not made, because Stripe has not answered of late; ``StripeError/retryAfter`` says when to ask again.
        case unavailable
    }

    /// What is known of the request's effect.
    public enum Disposition: Sendable, Hashable {
        /// It did not take place, and the same key will never say otherwise: a new try needs a new key.
        case refused
        /// It may have taken place or not: the same key tells.
        case unknown
        /// It may have taken place or not, and the key keeps this failure for ever: only reading tells.
        case fixed
        /// It did not take place because of the key; an operator has to act.
        case misconfigured
        /// It was not made at all.
        case unsent
    }

    public let kind: Kind
    /// Such as `payment_intents.create`.
    public let operation: String
    public var httpStatus: Int?
    /// Stripe's `code`, such as `card_declined`.
    public var code: String?
    /// Stripe's `decline_code`, such as `insufficient_funds`.
    public var declineCode: String?
    /// The parameter that the error is about.
    public var parameter: String?
    /// What Stripe says in words, for a debugger; not in the description.
    public var message: String?
    /// Stripe's id of the request, which its support asks for.
    public var requestID: String?
    /// Stripe's own advice, when it gave one.
    public var shouldRetry: Bool?
    /// How long Stripe asks to wait.
    public var retryAfter: Duration?
    /// Whether the answer was kept under the idempotency key.
    public var isReplayed = false
    /// The PaymentIntent that the error is about, as it is now.
    public var paymentIntent: StripePaymentIntent?

    public init(_ kind: Kind, operation: String) {
        self.kind = kind
        self.operation = operation
    }

    public var disposition: Disposition {
        switch kind {
        case .card, .invalidRequest: .refused
        case .authentication: .misconfigured
        case .idempotency: httpStatus == 409 ? .unknown : .refused
        case .rateLimited, .connection, .timeout: .unknown
        // "We expect the header to be false in most cases when a 500 is returned, since our idempotency framework would
        // typically replay it anyway": Stripe's SDK.
        case .api: isReplayed || shouldRetry == false ? .fixed : .unknown
        case .unavailable: .unsent
        case .malformed: (httpStatus ?? 0) >= 500 ? .unknown : .fixed
        }
    }

    /// The most particular code there is, for the history, for events and for metrics.
    public var reason: String { declineCode ?? code ?? kind.rawValue }
}

extension StripeError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        var text = "stripe \(operation): \(kind.rawValue)"
        if let httpStatus { text += " \(httpStatus)" }
        for (name, value) in [
            ("code", code), ("decline", declineCode), ("param", parameter), ("request", requestID),
        ] {
            if let value { text += " \(name)=\(value)" }
        }
        return isReplayed ? text + " replayed" : text
    }

    public var debugDescription: String { description }
}
