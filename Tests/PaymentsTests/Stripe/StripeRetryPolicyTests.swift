import Testing

@testable import Payments

@Suite("Stripe: what is tried again")
struct StripeRetryPolicyTests {
    private func error(
        _ kind: StripeError.Kind, status: Int? = nil, advice: Bool? = nil, replayed: Bool = false
    ) -> StripeError {
        var error = StripeError(kind, operation: "test")
        error.httpStatus = status
        error.shouldRetry = advice
        error.isReplayed = replayed
        return error
    }

    private func isRetried(_ error: StripeError) -> Bool {
        StripeRetryPolicy().delay(after: error, retries: 0, elapsed: .zero, random: 0) != nil
    }

    @Test("409, 429, 5xx and connection errors are, other errors are not")
    func retries() {
        #expect(isRetried(error(.idempotency, status: 409)))
        #expect(isRetried(error(.rateLimited, status: 429)))
        #expect(isRetried(error(.api, status: 500)))
        #expect(isRetried(error(.connection)))
        #expect(isRetried(error(.timeout)))
        #expect(!isRetried(error(.card, status: 402)))
        #expect(!isRetried(error(.invalidRequest, status: 400)))
        #expect(!isRetried(error(.idempotency, status: 400)))
        #expect(!isRetried(error(.authentication, status: 401)))
        #expect(!isRetried(error(.malformed, status: 200)))
    }

    @Test("Stripe's own advice comes first")
    func obeys() {
        #expect(!isRetried(error(.api, status: 500, advice: false)))
        #expect(!isRetried(error(.rateLimited, status: 429, advice: false)))
        #expect(isRetried(error(.invalidRequest, status: 400, advice: true)))
    }

    @Test("the pause is from half a second to five, with jitter")
    func pauses() {
        let policy = StripeRetryPolicy(maxRetries: 20, budget: .seconds(1000))
        let failure = error(.api, status: 503)
        func delay(_ retries: Int, _ random: Double) -> Duration? {
            policy.delay(after: failure, retries: retries, elapsed: .zero, random: random)
        }
        #expect(delay(0, 0) == .milliseconds(500))
        #expect(delay(0, 1) == .milliseconds(500))
        #expect(delay(1, 0) == .milliseconds(500))
        #expect(delay(1, 1) == .seconds(1))
        #expect(delay(10, 0) == .milliseconds(2500))
        #expect(delay(19, 1) == .seconds(5))
    }

    @Test("retries end with their number, and with their budget")
    func ends() {
        let policy = StripeRetryPolicy(maxRetries: 2, budget: .seconds(3))
        let failure = error(.timeout)
        #expect(policy.delay(after: failure, retries: 2, elapsed: .zero, random: 0) == nil)
        #expect(policy.delay(after: failure, retries: 1, elapsed: .milliseconds(2600), random: 0) == nil)
        #expect(policy.delay(after: failure, retries: 1, elapsed: .milliseconds(2400), random: 0) != nil)
    }

    @Test("Retry-After is waited for, within the cap")
    func waitsAsAsked() {
        var failure = error(.rateLimited, status: 429)
        failure.retryAfter = .seconds(3)
        #expect(StripeRetryPolicy().delay(after: failure, retries: 0, elapsed: .zero, random: 0) == .seconds(3))
        failure.retryAfter = .seconds(60)
        #expect(StripeRetryPolicy().delay(after: failure, retries: 0, elapsed: .zero, random: 0) == .seconds(5))
    }

    @Test("what is known of the effect decides about the key")
    func disposes() {
        #expect(error(.card, status: 402).disposition == .refused)
        #expect(error(.invalidRequest, status: 400).disposition == .refused)
        #expect(error(.idempotency, status: 400).disposition == .refused)
        #expect(error(.idempotency, status: 409).disposition == .unknown)
        #expect(error(.rateLimited, status: 429).disposition == .unknown)
        #expect(error(.connection).disposition == .unknown)
        #expect(error(.timeout).disposition == .unknown)
        #expect(error(.api, status: 500).disposition == .unknown)
        #expect(error(.api, status: 500, advice: false).disposition == .fixed)
        #expect(error(.api, status: 500, replayed: true).disposition == .fixed)
        #expect(error(.authentication, status: 401).disposition == .misconfigured)
    }

    @Test("a description names the request, and not what Stripe says in words")
    func describes() {
        var failure = error(.card, status: 402)
        failure.code = "card_declined"
        failure.declineCode = "insufficient_funds"
        failure.requestID = "req_1"
        failure.message = "Ana's card was declined"
        #expect("\(failure)" == "stripe test: card 402 code=card_declined decline=insufficient_funds request=req_1")
        #expect(failure.reason == "insufficient_funds")
    }
}
