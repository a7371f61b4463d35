import Foundation

/// The order saga: from an order and what happens to it to what has to be done. It is a pure function of the state and the
/// event: all that it does is in ``transitions``. It keeps no clock: deadlines are actions, and the database's time decides
/// when they have passed.
public enum OrderSaga {
    /// The version that new sagas begin with. A saga row carries the version that began it, and rows of the table that came
    /// later name the version that they begin with. 2: a confirmed order can be cancelled.
    public static let version = 2
    /// The versions that this definition can go on with. A new one is known for a release before anything begins with it,
    /// so that the release before can still be gone back to.
    public static let supportedVersions: ClosedRange<Int> = 1...2

    /// The state of a new order's saga, with its first actions. `total` is the order's price in minor units.
    public static func start(total: Int64, policy: OrderSagaPolicy) -> OrderSagaDecision {
        var state = OrderSagaState(total: total)
        state.deadline = .stock
        return OrderSagaDecision(
            state: state,
            actions: [.setOrder(.pending), .setDeadline(.stock, after: policy.stock), .emit(.created)],
            verdict: .applied)
    }

    /// What follows from `event` in `state`. Total: every pair has an answer, and an illegal or stale event changes nothing.
    public static func decide(
        state: OrderSagaState, event: OrderSagaEvent, policy: OrderSagaPolicy
    ) -> OrderSagaDecision {
        let candidates = index[Key(step: state.step, event: event.kind)] ?? []
        guard let rule = candidates.first(where: { $0.when.holds(state, event, policy) }) else {
            return OrderSagaDecision(state: state, actions: [], verdict: .illegal("not foreseen in this step"))
        }
        switch rule.outcome {
        case .ignore(let reason):
            return OrderSagaDecision(state: state, actions: [], verdict: .ignored(reason))
        case .illegal(let reason):
            return OrderSagaDecision(state: state, actions: [], verdict: .illegal(reason))
        case .apply(let effect, let step):
            var draft = OrderSagaDraft(state: state, event: event, policy: policy)
            if let step { draft.state.step = step }
            effect.apply(&draft)
            return OrderSagaDecision(state: draft.state, actions: draft.actions, verdict: .applied)
        }
    }

    /// The time of a deadline before `end`: the margin before it, but never more than half of what is left, so that a
    /// short hold leaves the customer time to pay; and not later than `limit` from now on.
    static func time(before end: Date, margin: Duration, atMost limit: Duration?, now: Date) -> Date {
        let left = max(end.timeIntervalSince(now), 0)
        let time = end.addingTimeInterval(-min(margin / .seconds(1), left / 2))
        guard let limit else { return time }
        return min(time, now.addingTimeInterval(limit / .seconds(1)))
    }

    private struct Key: Hashable {
        let step: OrderSagaStep
        let event: OrderSagaEvent.Kind
    }

    /// The table by step and event, its rows in order.
    private static let index: [Key: [OrderSagaRule]] = {
        var index: [Key: [OrderSagaRule]] = [:]
        for rule in rules {
            for step in rule.from {
                for event in rule.on { index[Key(step: step, event: event), default: []].append(rule) }
            }
        }
        return index
    }()
}
