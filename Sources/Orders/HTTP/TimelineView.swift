import Foundation

/// What happened to an order, in words for people.
struct TimelineView: Encodable, Sendable {
    struct Entry: Encodable, Sendable {
        let at: Date
        /// The sequence number in the order's history, as in its event stream.
        let seq: Int
        let title: String
        let event: String
        let sagaState: OrderSagaStep
        let status: OrderStatus
    }

    /// What the order waits for at this moment.
    struct Waiting: Encodable, Sendable {
        let what: String
        let until: Date
        /// What happens when nothing has come until then.
        let then: String
    }

    let orderId: UUID
    let status: OrderStatus
    let sagaState: OrderSagaStep
    let reason: String?
    let entries: [Entry]
    /// Absent when nothing is awaited.
    let waitingFor: Waiting?

    init(_ order: OrderRecord, history: [SagaHistoryRow], saga: SagaRecord?) {
        orderId = order.id
        status = order.status
        sagaState = order.step
        reason = order.reason
        entries = history.compactMap { row in
            guard let title = row.title else { return nil }
            return Entry(
                at: row.at, seq: row.seq, title: title, event: row.event, sagaState: row.to, status: row.order)
        }
        waitingFor = saga.flatMap { saga in
            saga.deadline.map { deadline in
                Waiting(
                    what: deadline.what.awaited, until: deadline.at,
                    then: SagaWords.consequence(of: deadline.what, in: saga.state))
            }
        }
    }
}

extension SagaHistoryRow {
    /// Whether an operator asked for it. Older rows do not tell who asked.
    private var isOfOperator: Bool { actor.map { !$0.hasPrefix("customer:") } ?? false }

    /// What it means to the customer; nil for what means nothing, such as a duplicate.
    var title: String? {
        if event == "order.placed" { return "Order placed" }
        guard let kind = OrderSagaEvent.Kind(rawValue: event) else { return event }
        // A declined try changes nothing for the saga, but the customer wants to know.
        guard verdict == "applied" || kind == .paymentTryFailed && to.isRunning else { return nil }
        if kind == .cancelRequested { return isOfOperator ? "Cancelled by an operator" : "Cancelled by the customer" }
        return kind.title(endedAs: from?.isRunning == true && !to.isRunning ? order : nil)
    }
}

extension OrderSagaEvent.Kind {
    fileprivate func title(endedAs outcome: OrderStatus?) -> String {
        switch self {
        case .stockReserved: "Stock reserved"
        case .outOfStock: "Out of stock"
        case .holdEnded: "The reservation of the stock has ended"
        case .stockReleased: "Stock released"
        case .paymentPending: "Waiting for the payment"
        case .paymentProcessing: "The payment is being processed"
        case .paymentSucceeded: outcome == .confirmed ? "Paid: the order is confirmed" : "Paid"
        case .paymentTryFailed: "The payment was declined; it can be tried again"
        case .paymentDeclined: "The payment was declined"
        case .paymentCancelled: "The payment was cancelled"
        case .paymentRefunded: "Money given back"
        case .refundFailed: "The bank did not take the money back; it is to be given back again"
        case .stockDeadline where outcome != nil: "The stock could not be checked in time"
        case .totalDeadline where outcome != nil: "The order has taken too long"
        case .stockDeadline, .paymentDeadline, .totalDeadline: "The time to pay is over"
        case .answerDeadline: "Still finding out how the payment ended"
        case .rescueDeadline: "The stock could not be had in time; the money is given back"
        case .undoDeadline: "Still undoing the order"
        case .cancelRequested: "Cancelled by the customer"
        case .retryRequested: "Looked at by an operator"
        }
    }
}
