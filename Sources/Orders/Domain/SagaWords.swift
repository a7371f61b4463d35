import Contracts

/// A saga's state in plain words.
enum SagaWords {
    /// Where the order is, in one or two sentences.
    static func summary(_ state: OrderSagaState) -> String {
        switch state.step {
        case .started, .stockReserved, .paymentPending: running(state)
        case .completed: completed(state)
        case .stockFailed, .paymentFailed, .cancelled: ended(state)
        }
    }

    private static func running(_ state: OrderSagaState) -> String {
        if state.rescue == .asked {
            return "The money came after the hold of the stock had ended; the stock is asked for once more."
        }
        if state.overdue {
            return "\(overdue(state)) The payment is being cancelled, and how that ends decides the order."
        }
        return switch state.step {
        case .started: "The order is placed, and its stock is asked for."
        case .stockReserved: "Everything is in stock and held for the order. The payment has not begun."
        default:
            state.stock == .unknown
                ? "The payment has begun; that the stock is held has not been heard yet."
                : "Everything is in stock and held for the order. The customer or the bank has to act for the payment."
        }
    }

    private static func overdue(_ state: OrderSagaState) -> String {
        switch state.reason {
        case "reservation_expired": "The hold of the stock has ended before the payment."
        case "total_timeout": "The order has taken too long in all."
        default: "The time to pay is over."
        }
    }

    private static func completed(_ state: OrderSagaState) -> String {
        let given = state.refunds.values.reduce(0, +)
        if state.payment == .refunded { return "The order is confirmed, and the whole price was given back." }
        return given > 0
            ? "Paid and in stock: the order is confirmed. A part of the price was given back."
            : "Paid and in stock: the order is confirmed."
    }

    private static func ended(_ state: OrderSagaState) -> String {
        let why = why(state)
        if state.rescue == .asked { return "\(why) Money came after that; the stock is asked for once more." }
        guard !state.settled else {
            return switch state.payment {
            case .refunded: "\(why) Nothing is held any more, and the money was given back."
            default: "\(why) Nothing is held and nothing was charged."
            }
        }
        var open: [String] = []
        if !state.stockIsUndone {
            open.append(state.stock == .committed ? "the pieces to be back on the shelf" : "the stock to be released")
        }
        if !state.paymentIsUndone {
            open.append(state.payment == .succeeded ? "the money to be given back" : "the payment to be cancelled")
        }
        return "\(why) Not confirmed yet: \(open.joined(separator: " and "))."
    }

    private static func why(_ state: OrderSagaState) -> String {
        switch state.reason {
        case "out_of_stock":
            "The order is cancelled: not in stock: "
                + state.shortages.map { "\($0.sku) (\($0.requested) wanted, \($0.available) there)" }
                .joined(separator: ", ") + "."
        case "stock_lost": "The order is cancelled: its stock was gone when it was paid."
        case "payment_declined": "The order is cancelled: the payment was declined."
        case "payment_cancelled": "The order is cancelled: its payment was cancelled at Stripe."
        case "customer_request": "The order was cancelled on request."
        case "stock_timeout": "The order failed: the stock could not be checked in time."
        case "reservation_expired": "The order failed: the hold of the stock ended before the payment."
        case "total_timeout": "The order failed: it took too long in all."
        case "payment_timeout": "The order failed: it was not paid in time."
        default: "The order has ended (\(state.reason ?? "for no reason that is known"))."
        }
    }

    /// What happens when a deadline passes and nothing has come.
    static func consequence(of deadline: OrderSagaDeadline, in state: OrderSagaState) -> String {
        switch deadline {
        case .stock:
            state.step == .started
                ? "the order fails" : "the payment is cancelled, and the order fails unless it has succeeded"
        case .payment, .total:
            state.step == .started
                ? "the order fails" : "the payment is cancelled, and the order fails unless it has succeeded"
        case .answer: "the question is repeated"
        case .rescue: "the money is given back"
        case .undo: "what is not undone is asked for again"
        }
    }

    /// What a retry does.
    static func retry(_ state: OrderSagaState) -> String {
        if state.rescue == .asked { return "ask inventory again, and wait for as long as at first, from now on" }
        if state.step.isUndone { return "ask again for what is not undone, from the first pause on" }
        if state.overdue { return "ask again how the payment ended, from the first pause on" }
        if state.stock == .unknown || state.payment == .unknown {
            return "tell inventory and payments of the order again, and begin the deadline anew"
        }
        return "begin the deadline anew: the customer or Stripe has to act, and nobody else can be asked"
    }
}
