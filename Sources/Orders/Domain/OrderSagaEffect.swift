import Contracts
import Foundation

/// A named change of the state with its actions.
struct OrderSagaEffect: Sendable {
    /// As the documentation shows it.
    let name: String
    let apply: @Sendable (inout OrderSagaDraft) -> Void

    init(_ name: String, _ apply: @escaping @Sendable (inout OrderSagaDraft) -> Void) {
        self.name = name
        self.apply = apply
    }
}

// The way to success.
extension OrderSagaEffect {
    static let takeHold = Self("payment deadline = end of the hold less the margin, at most half of it") { draft in
        guard case .stockReserved(let id, let expiresAt) = draft.event else { return }
        draft.state.stock = .held
        draft.state.hold = .init(reservationId: id, expiresAt: expiresAt)
        guard !draft.state.overdue else { return }
        draft.awaitPayment(before: expiresAt)
    }
    static let notePending = Self("noted") { $0.state.payment = .pending }
    static let confirm = Self("order CONFIRMED, order.confirmed.v1, settled") { draft in
        if case .stockReserved(let id, let expiresAt) = draft.event { draft.note(id, until: expiresAt) }
        draft.state.stock = .committed
        draft.state.payment = .succeeded
        if draft.state.rescue == .asked { draft.state.rescue = .won }
        draft.end(.confirmed, reason: nil)
        draft.emit(.confirmed)
        draft.settle()
    }
}

// The ends without success.
extension OrderSagaEffect {
    static let outOfStock = Self("order CANCELLED (out_of_stock), order.cancelled.v1") { draft in
        draft.state.stock = .none
        draft.noteShortages()
        draft.undo(.cancelled, reason: "out_of_stock")
    }
    static let stockTimeout = Self("order FAILED (stock_timeout), order.failed.v1") {
        $0.undo(.failed, reason: "stock_timeout")
    }
    static let totalTimeout = Self("order FAILED (total_timeout), order.failed.v1") {
        $0.undo(.failed, reason: "total_timeout")
    }
    static let declined = Self("order CANCELLED (payment_declined), order.cancelled.v1") { draft in
        draft.state.payment = .failed
        draft.undo(.cancelled, reason: "payment_declined")
    }
    static let cancelledUnasked = Self("order CANCELLED (payment_cancelled), order.cancelled.v1") { draft in
        draft.state.payment = .cancelled
        draft.undo(.cancelled, reason: "payment_cancelled")
    }
    static let cancelledOverdue = Self("order FAILED (why it was overdue), order.failed.v1") { draft in
        draft.state.payment = .cancelled
        draft.undo(.failed, reason: draft.state.reason)
    }
    static let customerCancel = Self("order CANCELLED (customer_request), order.cancelled.v1, refund") { draft in
        draft.abandonRescue()
        draft.end(.cancelled, reason: "customer_request")
        draft.emitEnd()
        if draft.state.payment == .succeeded { draft.refund("customer_request") }
        draft.awaitUndo()
    }
    static let stockLost = Self("order CANCELLED (stock_lost), order.cancelled.v1, order.refund-due.v1") { draft in
        draft.state.stock = .none
        draft.noteShortages()
        draft.end(.cancelled, reason: "stock_lost")
        draft.emitEnd()
        if draft.state.payment == .succeeded { draft.refund("stock_lost") }
        draft.awaitUndo()
    }
}

// The payment's deadline: cancel the PaymentIntent first, then see.
extension OrderSagaEffect {
    static let paymentOverdue = Self("order.payment-overdue.v1, answer deadline") { $0.overdue("payment_timeout") }
    static let totalOverdue = Self("order.payment-overdue.v1, answer deadline, no more extensions") { draft in
        draft.state.totalPassed = true
        draft.overdue("total_timeout")
    }
    static let holdEnded = Self("order.payment-overdue.v1, answer deadline; the hold is gone") { draft in
        draft.noteRelease()
        draft.overdue("reservation_expired")
    }
    static let askPaymentAgain = Self("order.payment-overdue.v1 again, longer answer deadline") { draft in
        draft.state.attempts += 1
        draft.emit(.paymentOverdue)
        draft.setDeadline(.answer, after: draft.policy.answer.delay(draft.state.attempts))
    }
    static let waitForProcessing = Self("answer deadline") { draft in
        draft.state.payment = .pending
        draft.setDeadline(.answer, after: draft.policy.answer.delay(draft.state.attempts))
    }
    static let extend = Self("payment deadline put off, within the hold") { draft in
        draft.state.payment = .pending
        draft.state.overdue = false
        draft.state.reason = nil
        draft.state.attempts = 0
        draft.state.extensions += 1
        draft.awaitPayment(again: draft.policy.paymentExtension)
    }
}

// Money that came late.
extension OrderSagaEffect {
    static let latePayment = Self("order.late-payment.v1, rescue deadline") { draft in
        draft.state.payment = .succeeded
        draft.state.rescue = .asked
        draft.state.overdue = false
        draft.state.settled = false
        draft.emit(.latePayment)
        draft.setDeadline(.rescue, after: draft.policy.rescue)
    }
    static let refundLate = Self("order.refund-due.v1 (customer_request)") { draft in
        draft.state.payment = .succeeded
        draft.refund(draft.state.reason ?? "customer_request")
        draft.awaitUndo()
    }
    static let rescueRefused = Self("order FAILED if still open; order.refund-due.v1 (late_payment)") { draft in
        draft.state.stock = .none
        draft.state.rescue = .lost
        draft.noteShortages()
        if draft.state.order == .pending {
            draft.end(.failed, reason: draft.state.reason)
            draft.emitEnd()
        }
        draft.refund("late_payment")
        draft.awaitUndo()
    }
    static let rescueTimeout = Self("order FAILED, order.failed.v1 (again), order.refund-due.v1") { draft in
        draft.abandonRescue()
        if draft.state.order == .pending { draft.end(.failed, reason: draft.state.reason) }
        draft.emitEnd()
        draft.refund("late_payment")
        draft.awaitUndo()
    }
    static let rescueNeedless = Self("order FAILED, order.failed.v1 (again)") { draft in
        draft.noteRefund()
        draft.abandonRescue()
        if draft.state.order == .pending { draft.end(.failed, reason: draft.state.reason) }
        draft.emitEnd()
        draft.awaitUndo()
    }
}

// What is learned after the end, and the way to settled.
extension OrderSagaEffect {
    static let noteHold = Self("noted; inventory releases by itself") { draft in
        guard case .stockReserved(let id, let expiresAt) = draft.event else { return }
        draft.state.stock = .held
        draft.state.hold = .init(reservationId: id, expiresAt: expiresAt)
    }
    static let heldAfterEnd = Self("the end is said again, so that it is released") { draft in
        guard case .stockReserved(let id, let expiresAt) = draft.event else { return }
        draft.state.stock = .held
        draft.state.hold = .init(reservationId: id, expiresAt: expiresAt)
        draft.emitEnd()
        draft.awaitUndo()
    }
    static let noteNoStock = Self("stock undone; settled when all is") { draft in
        draft.state.stock = .none
        draft.settleIfUndone()
    }
    static let noteReleased = Self("stock undone; settled when all is") { draft in
        draft.noteRelease()
        if draft.state.step.isUndone { draft.settleIfUndone() }
    }
    static let notePaymentCancelled = Self("payment undone; settled when all is") { draft in
        draft.state.payment = .cancelled
        draft.settleIfUndone()
    }
    static let notePaymentFailed = Self("payment undone; settled when all is") { draft in
        draft.state.payment = .failed
        draft.settleIfUndone()
    }
    static let noteRefund = Self("noted; settled when all is undone") { draft in
        draft.noteRefund()
        if draft.state.step.isUndone { draft.settleIfUndone() }
    }
    /// Also when it is heard of before the refund itself, which then gives nothing back.
    static let refundTakenBack = Self("not given back; unsettled if that was all of the price") { draft in
        guard case .refundFailed(let id) = draft.event else { return }
        draft.state.refunds[id.refundKey] = 0
        guard draft.state.payment == .refunded, draft.state.refunds.values.reduce(0, +) < draft.state.total else {
            return
        }
        draft.state.payment = .succeeded
        guard draft.state.step.isUndone else { return }
        draft.state.refundReason = draft.state.refundReason ?? "late_payment"
        draft.awaitUndo()
    }
    static let repeatUndo = Self("what is not confirmed is asked again, longer deadline") { draft in
        draft.state.attempts += 1
        draft.repeatUndo()
    }
}

// The operator's retry: the same questions, from the first delay on.
extension OrderSagaEffect {
    static let retryAnswer = Self("order.payment-overdue.v1 again") { draft in
        draft.state.attempts = 0
        draft.emit(.paymentOverdue)
        draft.setDeadline(.answer, after: draft.policy.answer.delay(0))
    }
    static let retryUndo = Self("what is not confirmed is asked again") { draft in
        draft.state.attempts = 0
        draft.repeatUndo()
    }
    static let retryRescue = Self("order.late-payment.v1 again, rescue deadline anew") { draft in
        draft.emit(.latePayment)
        draft.setDeadline(.rescue, after: draft.policy.rescue)
    }
    /// Inventory answers an order that it has answered once more, and payments begins on that answer, if it has not. A
    /// payment that has begun is the customer's or Stripe's: there is nobody to be asked.
    static let retryWait = Self("order.created.v1 again unless both have answered, deadline anew") { draft in
        if draft.state.stock == .unknown || draft.state.payment == .unknown { draft.emit(.created) }
        if draft.state.stock == .held, draft.state.extensions == 0, let end = draft.state.hold?.expiresAt {
            draft.awaitPayment(before: end)
        } else if draft.state.extensions > 0 {
            draft.awaitPayment(again: draft.policy.paymentExtension)
        } else {
            draft.setDeadline(.stock, after: draft.policy.stock)
        }
    }
}

extension OrderSagaDraft {
    /// For so long, but within the hold: when it is made longer for the processing payment, inventory says so.
    fileprivate mutating func awaitPayment(again delay: Duration) {
        if state.stock == .held, let end = state.hold?.expiresAt {
            awaitPayment(before: end, atMost: delay)
        } else {
            setDeadline(.payment, after: delay)
        }
    }

    fileprivate mutating func undo(_ order: OrderStatus, reason: String?) {
        end(order, reason: reason)
        emitEnd()
        awaitUndo()
    }

    fileprivate mutating func noteShortages() {
        if case .outOfStock(let shortages) = event { state.shortages = shortages }
    }

    fileprivate mutating func noteRelease() {
        state.stock = .released
        if case .stockReleased(let id?, _) = event { note(id, until: nil) }
    }

    /// Only a later reservation takes the place of the known one.
    fileprivate mutating func note(_ reservation: UUID, until expiresAt: Date?) {
        guard state.isLater(reservation) else { return }
        state.hold = .init(reservationId: reservation, expiresAt: expiresAt)
    }

    /// The whole price back means that nothing is charged any more.
    fileprivate mutating func noteRefund() {
        guard case .paymentRefunded(let id, let amount) = event else { return }
        state.refunds[id.refundKey] = amount
        if state.refunds.values.reduce(0, +) >= state.total { state.payment = .refunded }
    }
}
