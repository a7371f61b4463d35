/// How Stripe's API is reached.
public struct StripeClientConfiguration: Sendable {
    /// A secret or restricted key (`sk_…`, `rk_…`).
    public var apiKey: String
    /// Where the API is, without a slash at the end.
    public var baseURL: String
    /// Pinned on each request, so that an upgrade of the account changes nothing here. The default is the one whose
    /// objects this code was written against.
    public var apiVersion: String
    /// How long one try may take, from connecting to the last byte. Stripe is slow now and then, but a try holds a
    /// job's transaction open.
    public var requestTimeout: Duration
    /// What is tried again, and for how long.
    public var retry: StripeRetryPolicy
    /// How much is asked at once, and when nothing is asked for a while.
    public var limits: StripeGateLimits

    public init(
        apiKey: String,
        baseURL: String = "https://api.stripe.com",
        apiVersion: String = "2026-10-28.endive",
        requestTimeout: Duration = .seconds(20),
        retry: StripeRetryPolicy = StripeRetryPolicy(),
        limits: StripeGateLimits = StripeGateLimits()
    ) {
        self.apiKey = apiKey
        self.baseURL = baseURL
        self.apiVersion = apiVersion
        self.requestTimeout = requestTimeout
        self.retry = retry
        self.limits = limits
    }
}

extension StripeClientConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the key.
    public var description: String { "Stripe at \(baseURL), version \(apiVersion)" }
    public var debugDescription: String { description }
}
