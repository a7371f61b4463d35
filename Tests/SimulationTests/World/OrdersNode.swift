import Foundation
import Outbox

@testable import Orders

/// The order service's database: what its transactions leave behind, decided by the service's own functions.
struct OrdersNode: Sendable {
    let policy: OrderSagaPolicy
    private(set) var sagas: [UUID: SagaRow] = [:]
    /// The deadlines' jobs, by order.
    private(set) var jobs: [UUID: Date] = [:]
    private(set) var ledger: [OutboxEvent] = []
    /// Breaks the rule that the deadline's job is scheduled along with the deadline.
    var forgetsDeadlines = false
    /// Rows of the histories: from, event, to, verdict.
    private(set) var history: Set<String> = []
    /// Orders that ended in the step just made.
    private(set) var ended: [UUID] = []
    /// Orders that were confirmed in the step just made.
    private(set) var confirmed: [UUID] = []
    private var baskets: [UUID: Scenario.Basket] = [:]

    init(policy: OrderSagaPolicy) { self.policy = policy }

    mutating func place(_ basket: Scenario.Basket, _ configuration: OrdersConfiguration, at now: Date) throws {
        let start = OrderSaga.start(total: basket.total, policy: policy)
        var state = start.state
        state.version = basket.version
        let deadline = now.addingTimeInterval(configuration.firstDeadline / .seconds(1))
        let saga = SagaRow(
            id: basket.saga, orderID: basket.id, customerID: "ana", version: basket.version, state: state, seq: 1,
            deadline: deadline,
            totalDeadline: now.addingTimeInterval(configuration.totalDeadline / .seconds(1)), settledAt: nil,
            createdAt: now)
        sagas[basket.id] = saga
        jobs[basket.id] = deadline
        baskets[basket.id] = basket
        ledger.append(try OrderEvents.event(.created, of: saga, placed: basket.order, traceparent: nil))
    }

    /// Takes what inventory and payments say.
    mutating func take(_ events: [InboundEvent], at now: Date) throws {
        let inputs = try events.compactMap { try SagaInput($0) }
        for outcome in try apply(inputs, at: now) {
            guard case .decided = outcome else { throw Surprise(what: "orders parks an event: \(outcome)") }
        }
    }

    /// Runs a deadline's job.
    /// - Parameter also: what is taken right after it; only to break the rules.
    mutating func runDeadline(of order: UUID, also: OrderSagaEvent? = nil, at now: Date) throws {
        guard let saga = sagas[order] else { return }
        switch try saga.due(at: now) {
        case .nothing: jobs[order] = nil
        case .later(let time): jobs[order] = time
        case .passed(let deadline):
            let events = [.deadlinePassed(deadline)] + (also.map { [$0] } ?? [])
            let outcomes = try apply(
                events.map { SagaInput(orderID: order, event: $0) }, at: now, schedules: false)
            guard case .decided(let decision)? = outcomes.first, decision.verdict == .applied else {
                throw SagaDeadlineRefused(deadline: deadline)
            }
            jobs[order] = sagas[order]?.deadline
        }
    }

    @discardableResult
    mutating func apply(_ inputs: [SagaInput], at now: Date, schedules: Bool = true) throws -> [SagaOutcome] {
        var batch = SagaBatch(policy: policy, sagas: LockedSagas(byOrder: sagas, now: now))
        let outcomes = inputs.map { batch.decide($0) }
        sagas = batch.sagas.byOrder
        if schedules, !forgetsDeadlines { for saga in batch.rescheduled { jobs[saga.orderID] = saga.deadline } }
        for message in batch.messages {
            let order = message.saga.orderID
            ledger.append(
                try OrderEvents.event(
                    message.message, of: message.saga, placed: baskets[order]?.order, traceparent: nil))
        }
        for row in batch.changes.history {
            history.insert("\(row.from ?? "") \(row.event) \(row.to.rawValue) \(row.verdict.name)")
        }
        ended = batch.transitions.map(\.orderID)
        confirmed = batch.transitions.filter { $0.status == .confirmed }.map(\.orderID)
        return outcomes
    }
}

/// Something that no service should do.
struct Surprise: Error, CustomStringConvertible {
    let what: String
    var description: String { what }
}
