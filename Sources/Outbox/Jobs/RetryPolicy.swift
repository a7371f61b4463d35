/// How often, and after how long, something is tried again.
public struct RetryPolicy: Sendable {
    /// Tries in all, the first included.
    public let maxAttempts: Int
    /// The delay after the first failure; it doubles with each further one.
    public let base: Duration
    /// No delay is longer.
    public let cap: Duration

    public init(maxAttempts: Int = 10, base: Duration = .milliseconds(500), cap: Duration = .seconds(300)) {
        self.maxAttempts = max(1, maxAttempts)
        self.base = base
        self.cap = cap
    }

    /// The delay after the given number of failed attempts (1 or more), with jitter: between half and all of
    /// `base · 2^(attempt − 1)`, capped.
    /// - Parameter random: from 0 to 1.
    public func delay(attempt: Int, random: Double = .random(in: 0...1)) -> Duration {
        let exponent = min(max(attempt, 1) - 1, 30)
        let full = min(base * (1 << exponent), cap)
        return full * (0.5 + 0.5 * min(max(random, 0), 1))
    }
}

/// Growing delays between tries of something that should go on for ever.
struct Backoff {
    private let policy: RetryPolicy
    private var attempt = 0

    init(base: Duration, cap: Duration) {
        policy = RetryPolicy(maxAttempts: .max, base: base, cap: cap)
    }

    mutating func next() -> Duration {
        attempt += 1
        return policy.delay(attempt: attempt)
    }

    mutating func reset() { attempt = 0 }
}
