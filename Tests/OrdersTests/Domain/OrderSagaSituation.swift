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

    /// Made by the events that lead there.
    var state: OrderSagaState {
        switch self {
        case .started: Sample.state()
        case .startedHoldGone: Sample.state(after: .holdEnded)
        case .stockReserved: Sample.state(after: .stockReserved)
        case .stockReservedOverdue: Sample.state(after: .stockReserved, .paymentDeadline)
        case .paymentPending: Sample.state(after: .stockReserved, .paymentPending)
        case .paymentBeforeStock: Sample.state(after: .paymentPending)
        case .paymentOverdue: Sample.state(after: .stockReserved, .paymentPending, .paymentDeadline)
        case .holdGone: Sample.state(after: .stockReserved, .paymentPending, .holdEnded)
        case .runningRescue: Sample.state(after: .stockReserved, .paymentPending, .holdEnded, .paymentSucceeded)
        case .completed: Sample.state(after: .stockReserved, .paymentPending, .paymentSucceeded)
        case .completedRefunded: Sample.state(after: .stockReserved, .paymentSucceeded, .paymentRefunded)
        case .outOfStock: Sample.state(after: .outOfStock)
        case .stockTimeout: Sample.state(after: .stockDeadline)
        case .stockTimeoutRescue: Sample.state(after: .stockDeadline, .paymentSucceeded)
        case .declined: Sample.state(after: .stockReserved, .paymentPending, .paymentDeclined)
        case .failedSettled:
            Sample.state(after: .stockReserved, .paymentPending, .paymentDeadline, .paymentCancelled, .stockReleased)
        case .failedRescue:
            Sample.state(
                after: .stockReserved, .paymentPending, .paymentDeadline, .paymentCancelled, .stockReleased,
                .paymentSucceeded)
        case .failedRefunding:
            Sample.state(
                after: .stockReserved, .paymentPending, .paymentDeadline, .paymentCancelled, .stockReleased,
                .paymentSucceeded, .outOfStock)
        case .cancelled: Sample.state(after: .stockReserved, .paymentPending, .cancelRequested)
        case .cancelledRefunding:
            Sample.state(after: .stockReserved, .paymentPending, .cancelRequested, .paymentSucceeded)
        case .stockLost: Sample.state(after: .stockReserved, .paymentSucceeded, .outOfStock)
        case .cancelledSettled:
            Sample.state(after: .stockReserved, .cancelRequested, .stockReleased, .paymentCancelled)
        }
    }
}
