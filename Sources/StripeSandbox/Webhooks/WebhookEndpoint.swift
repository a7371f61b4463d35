/// Where events are delivered.
public struct WebhookEndpoint: Codable, Sendable, Hashable {
    /// How an event is written.
    public enum Style: String, Codable, Sendable {
        /// With the object as it was when it happened.
        case snapshot
        /// Only naming its object.
        case thin
    }

    public var url: String
    /// The whole `whsec_…` string signs. Several sign during a roll: each gives a `v1`.
    public var secrets: [String]
    /// The types to deliver; `*` stands for all.
    public var enabledEvents: [String]
    public var style: Style

    /// The types that a payment service listens to.
    public static let paymentEvents = [
        "payment_intent.created", "payment_intent.requires_action", "payment_intent.processing",
        "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled", "charge.refunded",
        "refund.created", "refund.updated", "refund.failed",
    ]

    public init(
        url: String, secrets: [String], enabledEvents: [String] = WebhookEndpoint.paymentEvents,
        style: Style = .snapshot
    ) {
        self.url = url
        self.secrets = secrets
        self.enabledEvents = enabledEvents
        self.style = style
    }

    func takes(_ type: String) -> Bool { enabledEvents.contains("*") || enabledEvents.contains(type) }
}

/// How a delivery that got no 2xx is repeated: with a delay that doubles.
public struct WebhookRetry: Sendable, Hashable {
    public var first: Duration
    public var cap: Duration
    /// Tries in all; Stripe gives up after three days in live mode, after three tries in its own sandbox.
    public var maxAttempts: Int
    /// How long an answer may take.
    public var timeout: Duration

    public init(
        first: Duration = .milliseconds(250), cap: Duration = .seconds(30), maxAttempts: Int = 50,
        timeout: Duration = .seconds(10)
    ) {
        self.first = first
        self.cap = cap
        self.maxAttempts = maxAttempts
        self.timeout = timeout
    }

    /// The pause after try number `attempt`, which is 1 for the first.
    func delay(after attempt: Int) -> Duration { min(cap, first * (1 << min(attempt - 1, 20))) }
}
