public import Foundation
import Outbox

/// Where an order is, what it waits for, until when, what happens then, and what somebody can do about it.
public struct SagaExplanation: Encodable, Sendable {
    /// What is awaited.
    struct Waiting: Encodable, Sendable {
        let what: String
        let until: Date
        /// What happens when nothing has come until then.
        let then: String
    }

    /// Something that can be done.
    struct Choice: Encodable, Sendable {
        let what: String
        /// The request, such as `POST /orders/…/cancel`.
        let request: String
        /// For operators: the command that does the same.
        let command: String?
        /// Until when; nil for as long as the order is where it is.
        let until: Date?
    }

    /// What only operators are told.
    struct Internals: Encodable, Sendable {
        let sagaId: UUID
        let definitionVersion: Int
        let stock: OrderSagaState.Stock
        let payment: OrderSagaState.Payment
        let rescue: OrderSagaState.Rescue
        let refundReason: String?
        /// How often the present question was repeated.
        let askedAgain: Int
        /// Why nothing will happen by itself; empty when all is as it should be.
        let whyStuck: [String]
        let illegalEvents: Int
        /// Where to look.
        let look: [String]
    }

    public let orderId: UUID
    let status: OrderStatus
    let sagaState: OrderSagaStep
    /// Why it was cancelled or failed: a stable code.
    let reason: String?
    /// Whether nothing more happens by itself.
    let settled: Bool
    /// One or two sentences.
    let summary: String
    /// Absent when nothing is awaited.
    let waitingFor: Waiting?
    /// What can be done, by whoever asks.
    let choices: [Choice]
    let latest: [SagaFacts.Happening]
    /// Absent for customers.
    let operations: Internals?

    /// - Parameter isForOperator: false leaves out what is nothing to customers.
    init(_ facts: SagaFacts, isForOperator: Bool) {
        let state = facts.state
        orderId = facts.orderID
        status = state.order
        sagaState = state.step
        reason = state.order == .cancelled || state.order == .failed ? state.reason : nil
        settled = state.settled
        summary = SagaWords.summary(state)
        waitingFor = facts.deadline.flatMap { at in
            state.deadline.map { awaited in
                let deadline = awaited.isCutByTotal && facts.totalDeadline <= at ? .total : awaited
                return Waiting(
                    what: awaited.awaited, until: at, then: SagaWords.consequence(of: deadline, in: state))
            }
        }
        choices = isForOperator ? Self.operatorChoices(facts) : Self.customerChoices(facts)
        latest = facts.latest
        operations =
            isForOperator
            ? Internals(
                sagaId: facts.sagaID, definitionVersion: state.version, stock: state.stock, payment: state.payment,
                rescue: state.rescue, refundReason: state.refundReason, askedAgain: state.attempts,
                whyStuck: facts.whyStuck, illegalEvents: facts.illegalEvents, look: Self.look(facts)) : nil
    }

    private static func customerChoices(_ facts: SagaFacts) -> [Choice] {
        let state = facts.state
        let path = "/orders/\(facts.orderID.lowercased)"
        var choices: [Choice] = []
        if state.step.isRunning, !state.overdue, state.payment == .pending {
            choices.append(
                Choice(
                    what: "pay, unless that is on its way", request: "GET \(path)/payment", command: nil,
                    until: facts.deadline))
        }
        if facts.takes(.cancelRequested), state.step != .completed || facts.cancellableUntil != nil {
            let what =
                state.step == .completed
                ? "cancel it: the money is given back" : "cancel it: nothing is charged, or it is given back"
            choices.append(
                Choice(what: what, request: "POST \(path)/cancel", command: nil, until: facts.cancellableUntil))
        }
        return choices
    }

    private static func operatorChoices(_ facts: SagaFacts) -> [Choice] {
        let id = facts.orderID.lowercased
        var choices: [Choice] = []
        if facts.takes(.retryRequested) {
            choices.append(
                Choice(
                    what: SagaWords.retry(facts.state), request: "POST /orders/\(id)/saga/retry",
                    command: "artesanos saga retry \(id)", until: nil))
        }
        if facts.takes(.cancelRequested) {
            let what =
                switch facts.state.payment {
                case .succeeded: "cancel it: the money is given back, and the pieces go back on the shelf"
                case .refunded: "cancel it: the pieces go back on the shelf; the money was given back"
                default: "cancel it: the stock is released, and the payment cancelled"
                }
            choices.append(
                Choice(
                    what: what, request: "POST /orders/\(id)/cancel",
                    command: "artesanos saga cancel \(id) --reason '…'", until: nil))
        }
        return choices
    }

    private static func look(_ facts: SagaFacts) -> [String] {
        let id = facts.orderID.lowercased
        let state = facts.state
        var look = ["artesanos saga show \(id)"]
        if facts.illegalEvents > 0 { look.append("orders: select * from saga_illegal_event where order_id = '\(id)';") }
        guard !state.settled else { return look }
        if !state.stockIsUndone || state.rescue == .asked {
            look.append("inventory: select * from reservation where order_id = '\(id)' order by attempt;")
        }
        if !state.paymentIsUndone, state.step != .started { look.append("GET /orders/\(id)/payment") }
        if state.refundReason != nil, state.payment == .succeeded {
            look.append("payments: select * from refund_unresolved where order_id = '\(id)';")
        }
        return look
    }
}

extension OrderSagaDeadline {
    /// What is awaited.
    var awaited: String {
        switch self {
        case .stock: "the stock to be reserved"
        case .payment: "the payment"
        case .answer: "how the payment ended"
        case .rescue: "stock for a payment that came late"
        case .undo: "the order to be undone"
        case .total: "the order to end"
        }
    }
}
