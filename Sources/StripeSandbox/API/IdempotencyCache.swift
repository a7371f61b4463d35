/// The outcomes kept under idempotency keys.
/// Source: https://docs.stripe.com/api/idempotent_requests
struct IdempotencyCache: Sendable {
    /// A request's outcome.
    struct Outcome: Codable, Sendable {
        let key: String
        /// The endpoint and the parameters that the key was first used with.
        let fingerprint: String
        let status: Int
        let body: String
        let requestID: String
        /// Unix seconds.
        let created: Int64
    }

    /// What to do with a request.
    enum Admission: Sendable {
        case run
        case replay(Outcome)
        case refuse(StripeAPIError)
    }

    private var outcomes: [String: Outcome] = [:]
    private var order: [String] = []
    private var oldest = 0
    private var running: Set<String> = []
    /// How often an outcome was replayed.
    private(set) var replays = 0

    /// Every outcome that is kept, oldest first.
    var all: [Outcome] { order[oldest...].compactMap { outcomes[$0] } }

    /// Asks to run a request under a key. When the answer is to run it, ``finish(_:outcome:)`` must follow.
    mutating func admit(key: String, fingerprint: String, now: Int64) -> Admission {
        prune(now: now)
        if key.utf8.count > 255 {
            return .refuse(.invalid("Idempotency keys can be at most 255 characters long.", parameter: nil))
        }
        if let outcome = outcomes[key] {
            guard outcome.fingerprint == fingerprint else { return .refuse(.otherParameters) }
            replays += 1
            return .replay(outcome)
        }
        guard running.insert(key).inserted else { return .refuse(.keyInUse) }
        return .run
    }

    /// Ends a request's run; nil keeps nothing.
    mutating func finish(_ key: String, outcome: Outcome?) {
        running.remove(key)
        if let outcome { restore(outcome) }
    }

    mutating func restore(_ outcome: Outcome) {
        if outcomes.updateValue(outcome, forKey: outcome.key) == nil { order.append(outcome.key) }
    }

    /// Forgets what was done under the keys, as if a day had passed; requests that run keep theirs.
    mutating func forget() {
        outcomes = [:]
        order = []
        oldest = 0
    }

    /// Keys may be forgotten after a day.
    private mutating func prune(now: Int64) {
        while oldest < order.count, let first = outcomes[order[oldest]], first.created < now - 86_400 {
            outcomes[order[oldest]] = nil
            oldest += 1
        }
        if oldest > 10_000 {
            order.removeFirst(oldest)
            oldest = 0
        }
    }
}
