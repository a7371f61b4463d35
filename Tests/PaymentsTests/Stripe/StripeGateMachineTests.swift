import Testing

@testable import Payments

@Suite("Stripe: who may ask, and when")
struct StripeGateMachineTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// Lets a request in that has to be let in, at once.
    private func go(
        _ machine: inout StripeGateMachine, _ id: UInt64 = 0, at time: Int = 0,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> StripeGateMachine.Pass {
        guard case .go(let pass) = machine.arrive(id, now: at(time)) else {
            Issue.record("not let in", sourceLocation: location)
            throw NotLetIn()
        }
        return pass
    }

    private struct NotLetIn: Error {}

    private func fail(_ machine: inout StripeGateMachine, times: Int, at time: Int = 0) throws {
        for _ in 0..<times {
            let pass = try go(&machine, at: time)
            _ = machine.leave(pass, .failed, now: at(time))
        }
    }

    // MARK: Places

    @Test("no more than so many are under way; the others come in their order")
    func limitsPlaces() throws {
        var machine = StripeGateMachine(StripeGateLimits(concurrency: 2))
        let first = try go(&machine, 1)
        _ = try go(&machine, 2)
        for id in 3...5 as ClosedRange<UInt64> { #expect(machine.arrive(id, now: at(0)) == .wait) }
        machine.withdraw(4)
        #expect(machine.inFlight == 2)
        #expect(machine.waiting == 2)
        let (turns, _) = machine.leave(first, .answered, now: at(1))
        #expect(turns.map(\.id) == [3])
        guard case .go(let third)? = turns.first?.entry else {
            Issue.record("the third is not let in")
            return
        }
        #expect(machine.leave(third, .answered, now: at(2)).turns.map(\.id) == [5])
        #expect(machine.waiting == 0)
    }

    @Test("nobody overtakes those who wait")
    func keepsOrder() throws {
        var machine = StripeGateMachine(StripeGateLimits(concurrency: 1))
        let first = try go(&machine, 1)
        #expect(machine.arrive(2, now: at(0)) == .wait)
        #expect(machine.leave(first, .answered, now: at(1)).turns.map(\.id) == [2])
        #expect(machine.arrive(3, now: at(1)) == .wait)
    }

    // MARK: Rate

    @Test("no second has more than nine eighths of the rate, and a long run has the rate", arguments: [20.0, 80])
    func limitsRate(rate: Double) throws {
        var machine = StripeGateMachine(StripeGateLimits(concurrency: 10_000, rate: rate))
        let times = try (0..<Int(rate * 10)).map { _ in try go(&machine).delay / .seconds(1) }
        for first in times {
            #expect(times.count { $0 >= first && $0 < first + 0.9999 } <= Int(rate * 9 / 8) + 1)
        }
        #expect(abs((times.last ?? 0) - 10) < 0.2)
        #expect(machine.inFlight + machine.waiting == times.count)
    }

    @Test("after a pause only a few go at once")
    func savesLittle() throws {
        var machine = StripeGateMachine(StripeGateLimits(concurrency: 100, rate: 80))
        _ = try go(&machine)
        let delays = try (0..<20).map { _ in try go(&machine, at: 60_000).delay }
        #expect(delays.count { $0 == .zero } == 10)
    }

    @Test("when Stripe says that it is too much, half the rate is used for a while")
    func slowsDown() throws {
        var machine = StripeGateMachine(StripeGateLimits(concurrency: 1_000, rate: 8, slowFor: .seconds(30)))
        let pass = try go(&machine)
        _ = machine.leave(pass, .throttled, now: at(1_000))
        let slow = try (0..<9).map { _ in try go(&machine, at: 1_000).delay / .seconds(1) }
        #expect(abs((slow.last ?? 0) - 2) < 0.01)
        let fast = try (0..<9).map { _ in try go(&machine, at: 31_000).delay / .seconds(1) }
        #expect(abs((fast.last ?? 0) - 1) < 0.01)
        #expect(!machine.isOpen)
    }

    // MARK: Circuit

    @Test("after so many failures in a row nothing is asked; then one at a time, and longer each time it fails")
    func opens() throws {
        var machine = StripeGateMachine(
            StripeGateLimits(failures: 5, firstPause: .seconds(1), longestPause: .seconds(3)))
        try fail(&machine, times: 4)
        let pass = try go(&machine)
        #expect(machine.leave(pass, .failed, now: at(0)).change == .opened(for: .seconds(1)))
        #expect(machine.isOpen)
        #expect(machine.arrive(1, now: at(400)) == .shut(after: .milliseconds(600)))

        var time = 1_000
        for pause in [2_000, 3_000, 3_000] {
            let probe = try go(&machine, at: time)
            #expect(probe.isProbe)
            #expect(machine.arrive(2, now: at(time)) == .shut(after: .seconds(1)))
            #expect(machine.leave(probe, .failed, now: at(time)).change == .opened(for: .milliseconds(pause)))
            #expect(machine.arrive(3, now: at(time + pause - 1)) == .shut(after: .milliseconds(1)))
            time += pause
        }
        let probe = try go(&machine, at: time)
        #expect(machine.leave(probe, .answered, now: at(time)).change == .closed)
        #expect(!machine.isOpen)
        // It begins anew with the first pause.
        try fail(&machine, times: 4, at: time)
        let last = try go(&machine, at: time)
        #expect(machine.leave(last, .failed, now: at(time)).change == .opened(for: .seconds(1)))
    }

    @Test(
        "any answer in between counts the failures from the start",
        arguments: [StripeGateMachine.Result.answered, .throttled])
    func forgives(answer: StripeGateMachine.Result) throws {
        var machine = StripeGateMachine(StripeGateLimits(failures: 5))
        for _ in 0..<3 {
            try fail(&machine, times: 4)
            let pass = try go(&machine)
            _ = machine.leave(pass, answer, now: at(0))
        }
        #expect(!machine.isOpen)
    }

    @Test("what was given up tells nothing")
    func ignoresAbandoned() throws {
        var machine = StripeGateMachine(StripeGateLimits(failures: 2))
        try fail(&machine, times: 1)
        let given = try go(&machine)
        _ = machine.leave(given, .abandoned, now: at(0))
        #expect(!machine.isOpen)
        try fail(&machine, times: 1)
        #expect(machine.isOpen)
        let probe = try go(&machine, at: 1_000)
        _ = machine.leave(probe, .abandoned, now: at(1_000))
        #expect(try go(&machine, at: 1_000).isProbe)
    }

    @Test("those who wait when it opens need not wait")
    func sendsAway() throws {
        var machine = StripeGateMachine(StripeGateLimits(concurrency: 1, failures: 1))
        let pass = try go(&machine, 1)
        #expect(machine.arrive(2, now: at(0)) == .wait)
        #expect(machine.arrive(3, now: at(0)) == .wait)
        let (turns, _) = machine.leave(pass, .failed, now: at(0))
        #expect(turns.map(\.id) == [2, 3])
        #expect(turns.allSatisfy { $0.entry == .shut(after: .seconds(1)) })
        #expect(machine.waiting == 0)
    }

    @Test("whoever waits for the rate's sake does not ask when it has opened meanwhile")
    func stopsDelayed() throws {
        var machine = StripeGateMachine(StripeGateLimits(rate: 8, failures: 1))
        let first = try go(&machine)
        let second = try go(&machine)
        #expect(second.delay > .zero)
        #expect(machine.waiting == 1)
        _ = machine.leave(first, .failed, now: at(0))
        #expect(machine.start(second, now: at(125)) == .seconds(1))
        _ = machine.leave(second, .abandoned, now: at(125))
        #expect(machine.inFlight == 0)
        #expect(machine.waiting == 0)
    }

    @Test("what was asked before it opened neither closes it nor keeps it open")
    func ignoresTheOld() throws {
        var machine = StripeGateMachine(StripeGateLimits(failures: 1))
        let old = try (0..<3).map { _ in try go(&machine) }
        _ = machine.leave(old[0], .failed, now: at(0))
        #expect(machine.leave(old[1], .answered, now: at(10)).change == nil)
        #expect(machine.isOpen)
        let probe = try go(&machine, at: 1_000)
        #expect(machine.leave(old[2], .failed, now: at(1_001)).change == nil)
        #expect(machine.leave(probe, .answered, now: at(1_002)).change == .closed)
    }

    @Test("zero failures means that it never opens")
    func canBeSwitchedOff() throws {
        var machine = StripeGateMachine(StripeGateLimits(failures: 0))
        try fail(&machine, times: 100)
        #expect(!machine.isOpen)
    }

    // MARK: What counts

    @Test("only what says nothing, or a failure of Stripe's own, counts as one")
    func classifies() {
        func result(_ kind: StripeError.Kind, _ status: Int? = nil, code: String? = nil, replayed: Bool = false)
            -> StripeGateMachine.Result
        {
            var error = StripeError(kind, operation: "x")
            error.httpStatus = status
            error.code = code
            error.isReplayed = replayed
            return StripeGateMachine.Result(error)
        }
        #expect(result(.connection) == .failed)
        #expect(result(.timeout) == .failed)
        #expect(result(.api, 503) == .failed)
        #expect(result(.malformed, 502) == .failed)
        #expect(result(.api, 500, replayed: true) == .answered)
        #expect(result(.malformed, 200) == .answered)
        #expect(result(.rateLimited, 429) == .throttled)
        #expect(result(.rateLimited, 429, code: "lock_timeout") == .answered)
        for kind in [StripeError.Kind.card, .invalidRequest, .idempotency, .authentication] {
            #expect(result(kind) == .answered)
        }
    }

    @Test(
        "the rate is a fifth below what Stripe takes, by the key; a stand-in has none",
        arguments: [
            ("sk_live_x", "https://api.stripe.com", 80.0), ("rk_live_x", "https://api.stripe.com", 80),
            ("sk_test_x", "https://api.stripe.com", 20), ("sk_test_sandbox", "http://127.0.0.1:12111", 0),
        ])
    func choosesRates(key: String, url: String, rate: Double) {
        #expect(StripeGateLimits.rate(key: key, baseURL: url) == rate)
    }
}
