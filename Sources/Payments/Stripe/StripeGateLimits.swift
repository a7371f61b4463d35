/// How much of Stripe this process uses, and when it stops asking.
public struct StripeGateLimits: Sendable, Hashable {
    /// Requests under way at once; further ones wait, first come first served.
    public var concurrency: Int
    /// Requests a second; 0: no limit. Stripe takes 100 in live mode and 25 in test mode, of all processes together.
    /// Source: https://docs.stripe.com/rate-limits
    public var rate: Double
    /// After so many requests in a row that got no answer, or a 5xx, none is made for a while; 0: always go on.
    public var failures: Int
    /// How long none is made after that, the first time. It doubles each time that the one request made then fails too.
    public var firstPause: Duration
    /// The longest of these pauses.
    public var longestPause: Duration
    /// How long the rate is halved after Stripe has said that it is too high.
    public var slowFor: Duration

    public init(
        concurrency: Int = 16, rate: Double = 0, failures: Int = 5, firstPause: Duration = .seconds(1),
        longestPause: Duration = .seconds(30), slowFor: Duration = .seconds(30)
    ) {
        self.concurrency = max(1, concurrency)
        self.rate = rate
        self.failures = failures
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.slowFor = slowFor
    }

    /// The rate for a key, a fifth below what Stripe takes; none where another server stands in for Stripe.
    public static func rate(key: String, baseURL: String) -> Double {
        guard baseURL.hasPrefix("https://api.stripe.com") else { return 0 }
        return key.contains("_live_") ? 80 : 20
    }

    /// The pause after the circuit has opened for the given time in a row, 1 at first.
    func pause(_ times: Int) -> Duration {
        min(longestPause, firstPause * (1 << min(max(times, 1) - 1, 16)))
    }
}
