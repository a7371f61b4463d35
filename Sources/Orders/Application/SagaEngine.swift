import Contracts
import Foundation
import Logging
import Outbox
import Postgres
import ServiceRuntime

/// Something that happened to an order, on its way to its saga.
struct SagaInput: Sendable {
    let orderID: UUID
    /// The saga that the event names; nil when it names none.
    var sagaID: UUID?
    let event: OrderSagaEvent
    /// Of the CloudEvent; nil for requests and deadlines.
    var eventID: UUID?
    /// The trace under which it happened; nil for the current one.
    var traceparent: String?
    /// Who asked for it and why; nil for what nobody asked for.
    var request: SagaRequest?
    /// Whether the history keeps it when it was refused.
    var isKeptWhenRefused = true
}

/// What came of it.
enum SagaOutcome: Sendable, Equatable {
    case decided(OrderSagaDecision)
    /// There is no such order.
    case unknownOrder
    /// The saga was begun by a definition that this binary does not have.
    case unsupportedVersion(Int)
}

/// Loads sagas, asks the pure function, and stores what it decided: the state, the order, the history, the deadline's job
/// and the outgoing events, all in the caller's transaction. It takes one round trip to load, however many sagas there
/// are, and everything that it writes goes with the COMMIT.
struct SagaEngine: Sendable {
    static let deadlineJob = "saga.deadline"

    let policy: OrderSagaPolicy
    let outbox: OutboxWriter
    let jobs: JobQueue
    let signals: OrderSignals
    let metrics: OrderMetrics
    let logger: Logger
    private let store = SagaStore()

    init(
        policy: OrderSagaPolicy, outbox: OutboxWriter, jobs: JobQueue, signals: OrderSignals, metrics: OrderMetrics,
        logger: Logger
    ) {
        self.policy = policy
        self.outbox = outbox
        self.jobs = jobs
        self.signals = signals
        self.metrics = metrics
        self.logger = logger
    }

    /// Applies events in their order.
    /// - Returns: an outcome for each.
    func apply(_ inputs: [SagaInput], in transaction: PostgresTransaction) async throws -> [SagaOutcome] {
        guard !inputs.isEmpty else { return [] }
        var sagas = try await store.lock(inputs.map(\.orderID), in: transaction)
        return try await apply(inputs, to: &sagas, in: transaction)
    }

    /// Applies events in their order to sagas that are locked already.
    /// - Parameter schedules: false when the caller is the deadline's job itself and sees to its own time.
    func apply(
        _ inputs: [SagaInput], to sagas: inout LockedSagas, schedules: Bool = true,
        in transaction: PostgresTransaction
    ) async throws -> [SagaOutcome] {
        var batch = SagaBatch(policy: policy, sagas: sagas)
        let outcomes = inputs.map { batch.decide($0) }
        sagas = batch.sagas
        for illegal in batch.illegal {
            logger.warning(
                "illegal event for a saga",
                metadata: [
                    LogKey.orderID: "\(illegal.orderID.lowercased)", LogKey.eventType: "\(illegal.event.kind.rawValue)",
                    LogKey.eventID: "\(illegal.eventID?.lowercased ?? "")",
                ])
        }
        try store.write(batch.changes, in: transaction)
        if schedules { try setDeadlines(of: batch.rescheduled, in: transaction) }
        outbox.append(try await events(of: batch, in: transaction), in: transaction)
        report(batch, in: transaction)
        return outcomes
    }

    /// The runner of deadlines is not woken: it looks often enough for deadlines that are seconds away.
    private func setDeadlines(of sagas: [SagaRow], in transaction: PostgresTransaction) throws {
        jobs.cancel(
            Self.deadlineJob, keys: sagas.filter { $0.deadline == nil }.map(\.id.lowercased), in: transaction)
        let due = try sagas.filter { $0.deadline != nil }.map { saga in
            try NewJob.sagaDeadline(saga.id, of: saga.orderID, at: saga.deadline)
        }
        if !due.isEmpty { transaction.enqueue(jobs.statement(due)) }
    }

    private func events(of batch: SagaBatch, in transaction: PostgresTransaction) async throws -> [OutboxEvent] {
        let told = Set(batch.messages.filter(\.message.tellsTheOrder).map(\.saga.orderID))
        let orders = told.isEmpty ? [:] : try await store.placed(told, in: transaction)
        return try batch.messages.map {
            try OrderEvents.event(
                $0.message, of: $0.saga, placed: orders[$0.saga.orderID], traceparent: $0.traceparent)
        }
    }

    /// Only what was committed is counted and signalled.
    private func report(_ batch: SagaBatch, in transaction: PostgresTransaction) {
        let touched = batch.changes.sagas.map(\.orderID)
        guard !touched.isEmpty else { return }
        let (illegal, transitions) = (batch.illegal.count, batch.transitions)
        transaction.afterCommit { [signals, metrics, logger] in
            signals.notify(touched)
            for _ in 0..<illegal { metrics.illegalEvent() }
            for transition in transitions {
                logger.info(
                    "order has a new status",
                    metadata: [
                        LogKey.orderID: "\(transition.orderID.lowercased)",
                        LogKey.sagaID: "\(transition.sagaID.lowercased)",
                        LogKey.status: "\(transition.status.rawValue)",
                    ])
                metrics.orderIs(transition.status)
                if transition.isEnd { metrics.sagaEnded(transition.step, after: transition.seconds) }
            }
        }
    }
}

extension NewJob {
    /// The job that sees to a saga's deadline: one each, so that a later one takes its place.
    static func sagaDeadline(
        _ sagaID: UUID, of orderID: UUID, after delay: Duration = .zero, at date: Date? = nil
    ) throws -> NewJob {
        try NewJob(
            SagaEngine.deadlineJob, key: sagaID.lowercased, after: delay, at: date,
            payload: SagaDeadlinePayload(orderId: orderID, sagaId: sagaID))
    }
}

/// The payload of the job `saga.deadline`.
struct SagaDeadlinePayload: Codable, Sendable {
    let orderId: UUID
    let sagaId: UUID
}
