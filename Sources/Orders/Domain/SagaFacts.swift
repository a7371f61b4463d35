import Foundation

/// All that an explanation is made from: the saga as it is stored, its deadline's job, and the database's time.
struct SagaFacts: Sendable {
    /// The job that is to see to the deadline.
    enum DeadlineJob: Sendable, Hashable {
        case scheduled
        /// It runs only then, long after the deadline.
        case late(Date)
        /// It failed for the last time.
        case dead(error: String?)
        case missing
    }

    /// Something that happened, in words.
    struct Happening: Sendable, Hashable, Encodable {
        let at: Date
        let what: String
    }

    let orderID: UUID
    let sagaID: UUID
    let state: OrderSagaState
    /// Nil when settled.
    let deadline: Date?
    let totalDeadline: Date
    let settledAt: Date?
    let job: DeadlineJob
    /// Events that could not be, in its history.
    let illegalEvents: Int
    /// The newest of what happened, oldest first.
    let latest: [Happening]
    let now: Date
    /// For how long after its confirmation a customer can cancel an order.
    let cancellationWindow: Duration
    let policy: OrderSagaPolicy

    /// How long a deadline may be overdue before that is odd.
    static let grace: TimeInterval = 60

    /// Why nothing will happen by itself; empty when all is as it should be.
    var whyStuck: [String] {
        guard let deadline else { return [] }
        var reasons: [String] = []
        switch job {
        case .scheduled: break
        case .late(let time):
            reasons.append(
                "the job that is to see to its deadline runs only \(Int(time.timeIntervalSince(deadline))) s after it")
        case .missing: reasons.append("no job is there that would see to its deadline")
        case .dead(let error):
            reasons.append("the job that was to see to its deadline is dead" + (error.map { ": \($0)" } ?? ""))
        }
        if now.timeIntervalSince(deadline) > Self.grace {
            reasons.append(
                "its deadline passed \(Int(now.timeIntervalSince(deadline))) s ago: is a service of orders running?")
        }
        return reasons
    }

    /// Until when the customer can cancel the confirmed order; nil when it is not confirmed or it is too late.
    var cancellableUntil: Date? {
        guard state.step == .completed, state.version >= 2, let settledAt else { return nil }
        let until = settledAt.addingTimeInterval(cancellationWindow / .seconds(1))
        return until >= now ? until : nil
    }

    /// Whether the saga takes this request.
    func takes(_ request: OrderSagaEvent) -> Bool {
        OrderSaga.decide(state: state, event: request, policy: policy).verdict == .applied
    }
}
