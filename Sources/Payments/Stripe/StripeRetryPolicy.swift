/// Which failed requests the client tries again by itself, with the same idempotency key.
/// Source: Stripe's own SDKs (`Stripe-Should-Retry` first, then 409, 429, 5xx and connection errors).
public struct StripeRetryPolicy: Sendable, Hashable {
    /// Tries after the first.
    public var maxRetries: Int
    /// The least pause.
    public var base: Duration
    /// The longest pause.
    public var cap: Duration
    /// No retry begins later than this after the first try began: who waits has a transaction open.
    public var budget: Duration

    public init(
        maxRetries: Int = 2, base: Duration = .milliseconds(500), cap: Duration = .seconds(5),
        budget: Duration = .seconds(15)
    ) {
        self.maxRetries = maxRetries
        self.base = base
        self.cap = cap
        self.budget = budget
    }

    /// The pause before the next try; nil when there is none.
    /// - Parameters:
    ///   - retries: how many there were already.
    ///   - elapsed: since the first try began.
    ///   - random: 0 to 1.
    public func delay(
        after error: StripeError, retries: Int, elapsed: Duration, random: Double
    ) -> Duration? {
        guard retries < maxRetries, isWorthTrying(error) else { return nil }
        let doubled = min(cap, base * (1 << min(retries, 16)))
        // Half fixed, half random, as Stripe's SDKs do it, but never less than the base.
        var delay = max(base, doubled * (0.5 + 0.5 * random))
        if let asked = error.retryAfter { delay = min(cap, max(delay, asked)) }
        return elapsed + delay <= budget ? delay : nil
    }

    private func isWorthTrying(_ error: StripeError) -> Bool {
        if let told = error.shouldRetry { return told }
        switch error.disposition {
        case .unknown: return true
        case .refused, .fixed, .misconfigured, .unsent: return false
        }
    }
}
