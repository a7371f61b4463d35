import Foundation
import Outbox
import Postgres

/// A saga as operators see it: all that it knows, and every event that it took.
struct SagaView: Encodable, Sendable {
    struct Deadline: Encodable, Sendable {
        let waitsFor: OrderSagaDeadline
        let at: Date
    }

    struct Event: Encodable, Sendable {
        let seq: Int
        let at: Date
        let event: String
        let eventId: UUID?
        let from: OrderSagaStep?
        let to: OrderSagaStep
        let status: OrderStatus
        let verdict: String
        let note: String?
        let actions: [String]
        let actor: String?
        let remark: String?

        init(_ row: SagaHistoryRow) {
            seq = row.seq
            at = row.at
            event = row.event
            eventId = row.eventID
            from = row.from
            to = row.to
            status = row.order
            verdict = row.verdict
            note = row.note
            actions = row.actions
            actor = row.actor
            remark = row.remark
        }
    }

    let sagaId: UUID
    let orderId: UUID
    let definitionVersion: Int
    let state: OrderSagaStep
    let settled: Bool
    let deadline: Deadline?
    let totalDeadline: Date
    let createdAt: Date
    let updatedAt: Date
    let settledAt: Date?
    let data: OrderSagaState
    let history: [Event]

    init(_ saga: SagaRecord, history: [SagaHistoryRow]) {
        sagaId = saga.id
        orderId = saga.orderID
        definitionVersion = saga.version
        state = saga.state.step
        settled = saga.state.settled
        deadline = saga.deadline.map { Deadline(waitsFor: $0.what, at: $0.at) }
        totalDeadline = saga.totalDeadline
        createdAt = saga.createdAt
        updatedAt = saga.updatedAt
        settledAt = saga.settledAt
        data = saga.state
        self.history = history.map(Event.init)
    }
}
