import Contracts
import Foundation

/// A decision in the making: the state being changed and the actions gathered so far. The effects of the table are
/// written in terms of what it offers.
struct OrderSagaDraft {
    var state: OrderSagaState
    let event: OrderSagaEvent
    let policy: OrderSagaPolicy
    private(set) var actions: [OrderSagaAction] = []

    init(state: OrderSagaState, event: OrderSagaEvent, policy: OrderSagaPolicy) {
        self.state = state
        self.event = event
        self.policy = policy
    }

    mutating func emit(_ message: OrderSagaMessage) {
        actions.append(.emit(message))
    }

    mutating func setDeadline(_ deadline: OrderSagaDeadline, after delay: Duration) {
        state.deadline = deadline
        actions.append(.setDeadline(deadline, after: delay))
    }

    /// The payment is waited for until a little before the hold's end.
    /// - Parameter limit: the longest wait from now on; nil for as long as the hold allows.
    mutating func awaitPayment(before end: Date, atMost limit: Duration? = nil) {
        state.deadline = .payment
        actions.append(.setDeadlineBefore(.payment, end: end, margin: policy.paymentMargin, atMost: limit))
    }

    /// The order has its status; nothing of what was asked before counts any more.
    mutating func end(_ order: OrderStatus, reason: String?) {
        state.order = order
        state.reason = order == .confirmed ? nil : reason ?? "payment_timeout"
        state.overdue = false
        state.attempts = 0
        actions.append(.setOrder(order))
    }

    mutating func settle() {
        state.settled = true
        state.deadline = nil
        actions.append(.clearDeadline)
    }

    /// The payment's time is over: payments is asked to cancel first, and the answer decides.
    mutating func overdue(_ reason: String) {
        state.overdue = true
        state.reason = reason
        state.attempts = 0
        emit(.paymentOverdue)
        setDeadline(.answer, after: policy.answer.delay(0))
    }

    /// Says to everyone how the order ended, so that inventory releases and payments cancels.
    mutating func emitEnd() {
        let reason = state.reason ?? "unknown"
        switch state.order {
        case .cancelled: emit(.cancelled(reason: reason, shortages: state.shortages))
        case .pending, .failed, .confirmed: emit(.failed(reason: reason))
        }
    }

    /// Asks for the money back, unless that was decided before.
    mutating func refund(_ reason: String) {
        guard state.refundReason == nil else { return }
        state.refundReason = reason
        emit(.refundDue(reason: reason))
    }

    /// The question of the rescue is withdrawn. Inventory may have reserved meanwhile, so the stock's undo is open again.
    mutating func abandonRescue() {
        guard state.rescue == .asked else { return }
        state.rescue = .lost
        state.stock = .unknown
    }

    /// Settles when all is undone; else waits for the confirmations, from the first delay on.
    mutating func awaitUndo() {
        state.settled = false
        state.attempts = 0
        if state.isUndone { settle() } else { setDeadline(.undo, after: policy.compensation.delay(0)) }
    }

    /// Settles when all is undone; else the deadline that runs goes on.
    mutating func settleIfUndone() {
        if state.isUndone, !state.settled { settle() }
    }

    /// Asks again for what is still to be undone.
    mutating func repeatUndo() {
        if !state.stockIsUndone || state.payment == .unknown || state.payment == .pending { emitEnd() }
        if state.payment == .succeeded {
            let reason = state.refundReason ?? "late_payment"
            state.refundReason = reason
            emit(.refundDue(reason: reason))
        }
        setDeadline(.undo, after: policy.compensation.delay(state.attempts))
    }
}
