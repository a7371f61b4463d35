import Foundation
import Testing

@testable import Orders

/// The situations that the table tells apart: the steps, and within a step what is known.
enum OrderSagaSituation: String, CaseIterable, CustomTestStringConvertible {
    case started, startedHoldGone
    case stockReserved, stockReservedOverdue
    case paymentPending, paymentBeforeStock, paymentOverdue, holdGone, runningRescue
    case completed, completedRefunded
    case outOfStock, stockTimeout, stockTimeoutRescue
    case declined, failedSettled, failedRescue, failedRefunding
    case cancelled, cancelledRefunding, stockLost, cancelledSettled

    var testDescription: String { rawValue }

    var step: OrderSagaStep {
        switch self {
        case .started, .startedHoldGone: .started
        case .stockReserved, .stockReservedOverdue: .stockReserved
        case .paymentPending, .paymentBeforeStock, .paymentOverdue, .holdGone, .runningRescue: .paymentPending
        case .completed, .completedRefunded: .completed
        case .outOfStock, .stockTimeout, .stockTimeoutRescue: .stockFailed
        case .declined, .failedSettled, .failedRescue, .failedRefunding: .paymentFailed
        case .cancelled, .cancelledRefunding, .stockLost, .cancelledSettled: .cancelled
        }
    }

    /// What it is made by.
    var state: OrderSagaState { Sample.state(after: path) }

    /// The events that lead there.
    var path: [OrderSagaEvent.Kind] {
        switch self {
        case .started: []
        case .startedHoldGone: [.holdEnded]
        case .stockReserved: [.stockReserved]
        case .stockReservedOverdue: [.stockReserved, .paymentDeadline]
        case .paymentPending: [.stockReserved, .paymentPending]
        case .paymentBeforeStock: [.paymentPending]
        case .paymentOverdue: [.stockReserved, .paymentPending, .paymentDeadline]
        case .holdGone: [.stockReserved, .paymentPending, .holdEnded]
        case .runningRescue: [.stockReserved, .paymentPending, .holdEnded, .paymentSucceeded]
        case .completed: [.stockReserved, .paymentPending, .paymentSucceeded]
        case .completedRefunded: [.stockReserved, .paymentSucceeded, .paymentRefunded]
        case .outOfStock: [.outOfStock]
        case .stockTimeout: [.stockDeadline]
        case .stockTimeoutRescue: [.stockDeadline, .paymentSucceeded]
        case .declined: [.stockReserved, .paymentPending, .paymentDeclined]
        case .failedSettled:
            [.stockReserved, .paymentPending, .paymentDeadline, .paymentCancelled, .stockReleased]
        case .failedRescue:
            [
                .stockReserved, .paymentPending, .paymentDeadline, .paymentCancelled, .stockReleased,
                .paymentSucceeded,
            ]
        case .failedRefunding:
            [
                .stockReserved, .paymentPending, .paymentDeadline, .paymentCancelled, .stockReleased,
                .paymentSucceeded, .outOfStock,
            ]
        case .cancelled: [.stockReserved, .paymentPending, .cancelRequested]
        case .cancelledRefunding:
            [.stockReserved, .paymentPending, .cancelRequested, .paymentSucceeded]
        case .stockLost: [.stockReserved, .paymentSucceeded, .outOfStock]
        case .cancelledSettled:
            [.stockReserved, .cancelRequested, .stockReleased, .paymentCancelled]
        }
    }
}
