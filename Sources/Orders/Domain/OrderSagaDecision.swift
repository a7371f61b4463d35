public import Contracts
public import Foundation

/// What the saga says to the other services.
public enum OrderSagaMessage: Sendable, Hashable {
    case created
    case confirmed
    case cancelled(reason: String, shortages: [Shortage])
    case failed(reason: String)
    case paymentOverdue
    case latePayment
    case refundDue(reason: String)

    /// Whether it says what was ordered.
    var tellsTheOrder: Bool { self == .created || self == .latePayment }

    /// The event's type on the wire.
    public var type: String {
        switch self {
        case .created: EventType.orderCreated
        case .confirmed: EventType.orderConfirmed
        case .cancelled: EventType.orderCancelled
        case .failed: EventType.orderFailed
        case .paymentOverdue: EventType.orderPaymentOverdue
        case .latePayment: EventType.orderLatePayment
        case .refundDue: EventType.orderRefundDue
        }
    }
}

/// What is to be done about an event, in the transaction that stores the new state.
public enum OrderSagaAction: Sendable, Hashable, CustomStringConvertible {
    case emit(OrderSagaMessage)
    case setOrder(OrderStatus)
    /// Replaces the deadline there is.
    case setDeadline(OrderSagaDeadline, after: Duration)
    /// As ``setDeadline(_:after:)``, but before a time that another service named: ``OrderSaga/time(before:margin:atMost:now:)``.
    case setDeadlineBefore(OrderSagaDeadline, end: Date, margin: Duration, atMost: Duration?)
    /// The saga is settled: nothing is awaited any more.
    case clearDeadline

    /// The short form that the history keeps.
    public var description: String {
        switch self {
        case .emit(let message): message.type
        case .setOrder(let status): "order \(status.rawValue)"
        case .setDeadline(let deadline, _), .setDeadlineBefore(let deadline, _, _, _):
            "deadline \(deadline.rawValue)"
        case .clearDeadline: "settled"
        }
    }
}

/// How an event was taken.
public enum OrderSagaVerdict: Sendable, Hashable {
    /// The state, or what is known, has changed.
    case applied
    /// A duplicate, or overtaken by what happened since: nothing changes.
    case ignored(String)
    /// It cannot be if every service keeps its word: nothing changes, and it is counted.
    case illegal(String)

    /// `applied`, `ignored` or `illegal`.
    public var name: String {
        switch self {
        case .applied: "applied"
        case .ignored: "ignored"
        case .illegal: "illegal"
        }
    }

    /// Why, unless it was applied.
    public var note: String? {
        switch self {
        case .applied: nil
        case .ignored(let reason), .illegal(let reason): reason
        }
    }
}

/// What the saga made of one event.
public struct OrderSagaDecision: Sendable, Hashable {
    /// The state to store; unchanged unless the verdict is `applied`.
    public let state: OrderSagaState
    /// In the order in which they are to be done; empty unless the verdict is `applied`.
    public let actions: [OrderSagaAction]
    public let verdict: OrderSagaVerdict
}
