import Contracts
import Foundation

@testable import Orders

/// One event of each kind, about one reservation of one order.
enum Sample {
    static let policy = OrderSagaPolicy()
    static let total: Int64 = 5_000
    static let reservation = UUID(uuid: (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
    static let secondReservation = UUID(uuid: (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2))
    static let refund = UUID(uuid: (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
    static let expiry = Date(timeIntervalSince1970: 1_800_000_000)

    static func event(_ kind: OrderSagaEvent.Kind) -> OrderSagaEvent {
        switch kind {
        case .stockReserved: .stockReserved(reservationId: reservation, expiresAt: expiry)
        case .outOfStock: .outOfStock([Shortage(sku: "vase", requested: 2, available: 1)])
        case .holdEnded: .stockReleased(reservationId: reservation, reason: "expired")
        case .stockReleased: .stockReleased(reservationId: reservation, reason: "cancelled")
        case .paymentPending: .paymentPending(status: "requires_payment_method")
        case .paymentProcessing: .paymentPending(status: "processing")
        case .paymentSucceeded: .paymentSucceeded
        case .paymentTryFailed: .paymentFailed(final: false)
        case .paymentDeclined: .paymentFailed(final: true)
        case .paymentCancelled: .paymentCancelled
        case .paymentRefunded: .paymentRefunded(refundId: refund, amount: total)
        case .refundFailed: .refundFailed(refundId: refund)
        case .stockDeadline: .deadlinePassed(.stock)
        case .paymentDeadline: .deadlinePassed(.payment)
        case .answerDeadline: .deadlinePassed(.answer)
        case .rescueDeadline: .deadlinePassed(.rescue)
        case .undoDeadline: .deadlinePassed(.undo)
        case .totalDeadline: .deadlinePassed(.total)
        case .cancelRequested: .cancelRequested
        case .retryRequested: .retryRequested
        }
    }

    /// The state of a new saga after these events, in order.
    static func state(after kinds: OrderSagaEvent.Kind...) -> OrderSagaState { state(after: kinds) }

    static func state(after kinds: [OrderSagaEvent.Kind]) -> OrderSagaState {
        state(after: kinds.map(event))
    }

    static func state(after events: [OrderSagaEvent]) -> OrderSagaState {
        events.reduce(OrderSaga.start(total: total, policy: policy).state) { state, event in
            OrderSaga.decide(state: state, event: event, policy: policy).state
        }
    }
}
