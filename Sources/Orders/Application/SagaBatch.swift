import Foundation

/// Decides about events one after the other, in memory, and gathers what is to be written. Several events of one order
/// see each other's effect.
struct SagaBatch {
    struct Message {
        let message: OrderSagaMessage
        let saga: SagaRow
        let traceparent: String?
    }

    /// An order came to another status.
    struct Transition {
        let orderID: UUID
        let sagaID: UUID
        let status: OrderStatus
        let step: OrderSagaStep
        /// Whether the saga was running before.
        let isEnd: Bool
        /// Since the order was placed.
        let seconds: TimeInterval
    }

    private let policy: OrderSagaPolicy
    private(set) var sagas: LockedSagas
    private(set) var messages: [Message] = []
    private(set) var illegal: [SagaInput] = []
    private(set) var transitions: [Transition] = []
    private var history: [SagaHistoryEntry] = []
    private var orders: [UUID: (status: OrderStatus, reason: String?)] = [:]
    /// In the order in which they were touched first.
    private var touched: [UUID] = []
    private var deadlinesChanged: Set<UUID> = []

    init(policy: OrderSagaPolicy, sagas: LockedSagas) {
        self.policy = policy
        self.sagas = sagas
    }

    var changes: SagaChanges {
        SagaChanges(sagas: touched.compactMap { sagas.byOrder[$0] }, orders: orders, history: history)
    }

    /// Those whose deadline was set or cleared, as they are now.
    var rescheduled: [SagaRow] {
        touched.filter(deadlinesChanged.contains).compactMap { sagas.byOrder[$0] }
    }

    mutating func decide(_ input: SagaInput) -> SagaOutcome {
        guard var saga = sagas.byOrder[input.orderID], let now = sagas.now else { return .unknownOrder }
        guard let state = saga.state else { return .unsupportedVersion(saga.version) }
        let decision =
            if let named = input.sagaID, named != saga.id {
                OrderSagaDecision(state: state, actions: [], verdict: .illegal("it names another saga"))
            } else {
                OrderSaga.decide(state: state, event: input.event, policy: policy)
            }
        if case .illegal = decision.verdict { illegal.append(input) }
        guard decision.verdict == .applied || input.isKeptWhenRefused else { return .decided(decision) }
        saga.state = decision.state
        saga.seq += 1
        for action in decision.actions { apply(action, to: &saga, decision.state, now, input) }
        history.append(
            SagaHistoryEntry(
                sagaID: saga.id, seq: saga.seq, event: input.event.kind.rawValue, eventID: input.eventID,
                from: state.step.rawValue, to: decision.state.step, order: decision.state.order,
                verdict: decision.verdict, actions: decision.actions, request: input.request))
        if decision.state.order != state.order {
            transitions.append(
                Transition(
                    orderID: saga.orderID, sagaID: saga.id, status: decision.state.order, step: decision.state.step,
                    isEnd: state.step.isRunning,
                    seconds: now.timeIntervalSince(saga.createdAt)))
        }
        if !touched.contains(saga.orderID) { touched.append(saga.orderID) }
        sagas.byOrder[saga.orderID] = saga
        return .decided(decision)
    }

    private mutating func apply(
        _ action: OrderSagaAction, to saga: inout SagaRow, _ state: OrderSagaState, _ now: Date, _ input: SagaInput
    ) {
        switch action {
        case .emit(let message):
            messages.append(Message(message: message, saga: saga, traceparent: input.traceparent))
        case .setOrder(let status):
            orders[saga.orderID] = (status, state.reason)
        case .setDeadline(let deadline, let delay):
            setDeadline(deadline, now.addingTimeInterval(delay / .seconds(1)), of: &saga)
        case .setDeadlineBefore(let deadline, let end, let margin, let limit):
            setDeadline(
                deadline, OrderSaga.time(before: end, margin: margin, atMost: limit, now: now), of: &saga)
        case .clearDeadline:
            saga.deadline = nil
            deadlinesChanged.insert(saga.orderID)
        }
    }

    /// What bounds the running phase is cut short by its end; the rest is bounded by itself.
    private mutating func setDeadline(_ deadline: OrderSagaDeadline, _ time: Date, of saga: inout SagaRow) {
        saga.deadline = deadline.isCutByTotal ? min(time, saga.totalDeadline) : time
        deadlinesChanged.insert(saga.orderID)
    }
}

extension OrderSagaDeadline {
    /// Whether the total deadline counts when it comes first.
    var isCutByTotal: Bool { self == .stock || self == .payment }
}
