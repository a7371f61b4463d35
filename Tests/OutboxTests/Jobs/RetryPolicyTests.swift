import Testing

@testable import Outbox

@Suite("Retry policy")
struct RetryPolicyTests {
    let policy = RetryPolicy(maxAttempts: 5, base: .seconds(1), cap: .seconds(10))

    @Test("delays double, with jitter between half and all", arguments: [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)])
    func doubles(attempt: Int, seconds: Double) {
        #expect(policy.delay(attempt: attempt, random: 1) == .seconds(seconds))
        #expect(policy.delay(attempt: attempt, random: 0) == .seconds(seconds / 2))
    }

    @Test("no delay is above the cap, however many attempts there were")
    func isCapped() {
        #expect(policy.delay(attempt: 5, random: 1) == .seconds(10))
        #expect(policy.delay(attempt: .max, random: 1) == .seconds(10))
    }
}
