extension OrderSaga {
    static let all = OrderSagaStep.allCases
    static let running = OrderSagaStep.running
    static let failed = OrderSagaStep.failed
    static let undone = OrderSagaStep.undone
    /// Payments has not spoken yet.
    private static let unpaid: [OrderSagaStep] = [.started, .stockReserved]
    /// A payment is possible: inventory has said yes, or payments speaks of it, which it does only then.
    private static let paying: [OrderSagaStep] = [.stockReserved, .paymentPending]
    /// Where stock may have been asked for once more, because money came late.
    private static let rescuing: [OrderSagaStep] = [.paymentPending] + failed

    /// The whole table, in the order in which its rows are tried. Who wants to know what the saga does reads
    /// ``transitions``; the others say why something changes nothing.
    static let rules: [OrderSagaRule] = guards + transitions + refusals

    /// Everything that the saga does. Inventory's and payments' streams are not ordered against each other: a payment's
    /// event may come before the reservation that allowed it, and then proves the reservation. For an order that is cancelled
    /// for good inventory reserves nothing any more: what is heard of then is news from before.
    static let transitions: [OrderSagaRule] = [
        .on(.stockReserved, in: rescuing, if: .rescueAnswered && .newHold, to: .completed, .confirm),
        .on(.stockReserved, in: rescuing, if: .rescueAnswered && .heldIsLater, to: .completed, .confirm),
        .on(.stockReserved, in: [.started], if: .newHold, to: .stockReserved, .takeHold),
        .on(.stockReserved, in: paying, if: .newHold, .takeHold),
        .on(.stockReserved, in: paying, if: .longerHold, .takeHold),
        .on(.stockReserved, in: undone, if: .stockUnknown && .newHold, .noteHold),
        .on(.stockReserved, in: failed, if: .newHold, .heldAfterEnd),
        .on(.outOfStock, in: [.paymentPending], if: .rescueAnswered, to: .paymentFailed, .rescueRefused),
        .on(.outOfStock, in: [.started], if: .stockUnknown, to: .stockFailed, .outOfStock),
        .on(.outOfStock, in: [.completed], to: .cancelled, .stockLost),
        .on(.outOfStock, in: failed, if: .rescueAnswered, .rescueRefused),
        .on(.outOfStock, in: undone, if: .stockUnknown, .noteNoStock),
        .on(.holdEnded, in: running, if: .overdue, .noteReleased),
        .on(.holdEnded, in: running, .holdEnded),
        .on(.holdEnded, .stockReleased, in: undone, if: .stockOpen, .noteReleased),

        .on(.paymentProcessing, in: paying, if: .mayExtend, to: .paymentPending, .extend),
        .on(.paymentProcessing, in: running, if: .overdue, to: .paymentPending, .waitForProcessing),
        .on(.paymentPending, .paymentProcessing, .paymentTryFailed, in: unpaid, to: .paymentPending, .notePending),
        .on(.paymentPending, .paymentProcessing, .paymentTryFailed, in: undone, if: .paymentUnknown, .notePending),
        .on(.paymentSucceeded, in: running, if: .holdGone, to: .paymentPending, .latePayment),
        .on(.paymentSucceeded, in: running, to: .completed, .confirm),
        .on(.paymentSucceeded, in: failed, .latePayment),
        .on(.paymentSucceeded, in: [.cancelled], .refundLate),
        .on(.paymentDeclined, in: running, to: .paymentFailed, .declined),
        .on(.paymentCancelled, in: running, if: .overdue, to: .paymentFailed, .cancelledOverdue),
        .on(.paymentCancelled, in: running, to: .paymentFailed, .cancelledUnasked),
        .on(.paymentDeclined, in: undone, if: .paymentOpen, .notePaymentFailed),
        .on(.paymentCancelled, in: undone, if: .paymentOpen, .notePaymentCancelled),
        .on(.paymentRefunded, in: [.paymentPending], if: .rescueRepaid, to: .paymentFailed, .rescueNeedless),
        .on(.paymentRefunded, in: [.paymentPending], if: .rescueAsked, .noteRefund),
        .on(.paymentRefunded, in: failed, if: .rescueRepaid, .rescueNeedless),
        .on(.paymentRefunded, in: undone + [.completed], .noteRefund),
        .on(.refundFailed, in: all, .refundTakenBack),

        .on(.stockDeadline, in: [.started], if: !.overdue, to: .stockFailed, .stockTimeout),
        .on(.stockDeadline, in: [.paymentPending], if: !.overdue && .stockUnknown, .paymentOverdue),
        .on(.paymentDeadline, in: paying, if: !.overdue && !.charged, .paymentOverdue),
        .on(.answerDeadline, in: running, if: .overdue, .askPaymentAgain),
        .on(.rescueDeadline, in: [.paymentPending], if: .rescueAsked, to: .paymentFailed, .rescueTimeout),
        .on(.rescueDeadline, in: failed, if: .rescueAsked, .rescueTimeout),
        .on(.undoDeadline, in: undone, if: .unsettled && !.rescueAsked, .repeatUndo),
        .on(.totalDeadline, in: [.started], if: !.overdue, to: .stockFailed, .totalTimeout),
        .on(.totalDeadline, in: paying, if: !.overdue && !.charged, .totalOverdue),

        .on(.cancelRequested, in: running, to: .cancelled, .customerCancel),
        .on(.cancelRequested, in: [.completed], if: .fromVersion2, to: .cancelled, .customerCancel),
        .on(.retryRequested, in: running, if: .overdue, .retryAnswer),
        .on(.retryRequested, in: rescuing, if: .rescueAsked, .retryRescue),
        .on(.retryRequested, in: running, .retryWait),
        .on(.retryRequested, in: undone, if: .unsettled, .retryUndo),
    ]
}
