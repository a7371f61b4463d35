/// Who may ask Stripe, and when: a pure state machine, with the time handed in.
///
/// Three limits in one: a number of requests under way, first come first served; a rate, by the time from which on the next
/// one may go (GCRA, a token bucket without the tokens); and a circuit that opens when nothing comes back, and then lets a
/// single request through at a time to see.
struct StripeGateMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Leave to make one request.
    struct Pass: Sendable, Hashable {
        /// How long to wait before, for the rate's sake.
        let delay: Duration
        /// Whether it is the one by which the circuit learns how Stripe is.
        let isProbe: Bool
        /// How often the circuit had opened before: what an older request learned tells nothing any more.
        let epoch: Int
    }

    enum Entry: Sendable, Hashable {
        case go(Pass)
        /// All places are taken: ``leave(_:_:now:)`` tells when it is its turn.
        case wait
        /// Stripe does not answer: to be asked again after so long.
        case shut(after: Duration)
    }

    /// How a request ended, as far as the gate cares.
    enum Result: Sendable, Hashable {
        case answered
        /// An answer, and the rate is too high.
        case throttled
        /// No answer, or a 5xx.
        case failed
        /// It was not made, or given up by us.
        case abandoned
    }

    enum Change: Sendable, Hashable {
        case opened(for: Duration)
        case closed
    }

    private enum Circuit {
        case closed(failures: Int)
        case open(until: Instant, times: Int)
        case probing(times: Int)
    }

    let limits: StripeGateLimits
    private var circuit = Circuit.closed(failures: 0)
    private var epoch = 0
    private var queue: [UInt64] = []
    private var places = 0
    private var delayed = 0
    /// When the next request is due, were they made at the rate exactly.
    private var due: Instant?
    private var slowUntil: Instant?

    init(_ limits: StripeGateLimits) { self.limits = limits }

    var isOpen: Bool { if case .closed = circuit { false } else { true } }
    /// Requests that are being made.
    var inFlight: Int { places - delayed }
    /// Those that wait for a place, or for the rate's sake.
    var waiting: Int { queue.count + delayed }

    // MARK: Going in

    mutating func arrive(_ id: UInt64, now: Instant) -> Entry {
        switch circuit {
        case .closed:
            guard places < limits.concurrency, queue.isEmpty else {
                queue.append(id)
                return .wait
            }
            return .go(admit(isProbe: false, now: now))
        case .open(let until, let times):
            guard now >= until else { return .shut(after: until - now) }
            circuit = .probing(times: times)
            return .go(admit(isProbe: true, now: now))
        case .probing: return .shut(after: limits.firstPause)
        }
    }

    /// One that waited does not want to any more.
    mutating func withdraw(_ id: UInt64) { queue.removeAll { $0 == id } }

    /// The delay of a pass is over.
    /// - Returns: nil when the request may be made; how long to stay away when the circuit has opened meanwhile.
    mutating func start(_ pass: Pass, now: Instant) -> Duration? {
        if pass.delay > .zero { delayed -= 1 }
        guard pass.epoch != epoch else { return nil }
        switch circuit {
        case .closed: return nil
        case .open(let until, _): return max(until - now, limits.firstPause)
        case .probing: return limits.firstPause
        }
    }

    private mutating func admit(isProbe: Bool, now: Instant) -> Pass {
        places += 1
        let delay = reserve(now)
        if delay > .zero { delayed += 1 }
        return Pass(delay: delay, isProbe: isProbe, epoch: epoch)
    }

    private mutating func reserve(_ now: Instant) -> Duration {
        guard limits.rate > 0 else { return .zero }
        let isSlow = slowUntil.map { now < $0 } ?? false
        let interval = Duration.seconds(1 / limits.rate) * (isSlow ? 2 : 1)
        // An eighth of a second's worth at once, so that no second has more than nine eighths of the rate.
        let tolerance = interval * max(0, (limits.rate / 8).rounded(.down) - 1)
        let slot = max(due ?? now, now)
        due = slot + interval
        return max(.zero, (slot - tolerance) - now)
    }

    // MARK: Coming out

    /// A request has ended.
    /// - Returns: those that waited and whose turn it is, or who need not wait any more; and how the circuit changed.
    mutating func leave(
        _ pass: Pass, _ result: Result, now: Instant
    ) -> (turns: [(id: UInt64, entry: Entry)], change: Change?) {
        places -= 1
        if result == .throttled { slowUntil = now + limits.slowFor }
        let change = pass.epoch == epoch ? learn(pass, result, now: now) : nil
        var turns: [(id: UInt64, entry: Entry)] = []
        if case .closed = circuit {
            while !queue.isEmpty, places < limits.concurrency {
                turns.append((queue.removeFirst(), .go(admit(isProbe: false, now: now))))
            }
        } else if case .open(let until, _) = circuit {
            turns = queue.map { ($0, .shut(after: until - now)) }
            queue = []
        }
        return (turns, change)
    }

    private mutating func learn(_ pass: Pass, _ result: Result, now: Instant) -> Change? {
        switch (circuit, result) {
        case (.closed, .answered), (.closed, .throttled):
            circuit = .closed(failures: 0)
            return nil
        case (.closed(let failures), .failed):
            circuit = .closed(failures: failures + 1)
            guard limits.failures > 0, failures + 1 >= limits.failures else { return nil }
            return open(times: 1, now: now)
        case (.probing(let times), .failed):
            return open(times: times + 1, now: now)
        case (.probing, .answered), (.probing, .throttled):
            circuit = .closed(failures: 0)
            return .closed
        case (.probing(let times), .abandoned):
            // It told nothing: the next one is to see.
            circuit = .open(until: now, times: times)
            return nil
        case (.closed, .abandoned), (.open, _): return nil
        }
    }

    private mutating func open(times: Int, now: Instant) -> Change {
        let pause = limits.pause(times)
        circuit = .open(until: now + pause, times: times)
        epoch += 1
        return .opened(for: pause)
    }
}
