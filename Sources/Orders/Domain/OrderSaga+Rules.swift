extension OrderSaga {
    private static let all = OrderSagaStep.allCases
    private static let running = OrderSagaStep.running
    private static let failed = OrderSagaStep.failed
    private static let undone = OrderSagaStep.undone
    /// A payment is possible: inventory has said yes, or payments speaks of it, which it does only then.
    private static let paying: [OrderSagaStep] = [.stockReserved, .paymentPending]
    /// Where stock may have been asked for once more, because money came late.
    private static let rescuing: [OrderSagaStep] = [.paymentPending] + failed

    /// The whole table. Inventory's and payments' streams are not ordered against each other, so a payment's event may
    /// come before the reservation that allowed it; it then proves the reservation.
    static let rules: [OrderSagaRule] = inventoryRules + paymentRules + deadlineRules + requestRules

    private static let inventoryRules: [OrderSagaRule] = [
        .on(.stockReserved, in: rescuing, if: .rescueAnswered && .newHold, to: .completed, .confirm),
        .on(.stockReserved, in: [.started], if: .newHold, to: .stockReserved, .takeHold),
        .on(.stockReserved, in: paying, if: .newHold, .takeHold),
        .on(.stockReserved, in: paying, if: .longerHold, .takeHold),
        .ignore(.stockReserved, in: running, "duplicate"),
        .ignore(.stockReserved, in: [.completed], "the order is confirmed already"),
        .on(.stockReserved, in: undone, if: .stockUnknown, .noteHold),
        .on(.stockReserved, in: undone, if: .newHold, .heldAfterEnd),
        .ignore(.stockReserved, in: undone, "duplicate"),

        .on(.outOfStock, in: [.paymentPending], if: .rescueAnswered, to: .paymentFailed, .rescueRefused),
        .on(.outOfStock, in: [.started], if: .stockUnknown, to: .stockFailed, .outOfStock),
        .illegal(.outOfStock, in: running, "the stock was reserved"),
        .on(.outOfStock, in: [.completed], to: .cancelled, .stockLost),
        .on(.outOfStock, in: failed, if: .rescueAnswered, .rescueRefused),
        .on(.outOfStock, in: undone, if: .stockUnknown, .noteNoStock),
        .ignore(.outOfStock, in: undone, "nothing was held any more"),

        .ignore(.holdEnded, in: running, if: .otherHold, "another reservation is held"),
        .ignore(.holdEnded, in: running, if: .holdGone, "duplicate"),
        .on(.holdEnded, in: running, if: .overdue, .noteReleased),
        .on(.holdEnded, in: running, .holdEnded),
        .illegal(.stockReleased, in: running, "the order has not ended"),
        .ignore(.holdEnded, .stockReleased, in: [.completed], "inventory takes the stock anew or says that it is lost"),
        .ignore(.holdEnded, .stockReleased, in: undone, if: .otherHold, "another reservation is held"),
        .ignore(.holdEnded, .stockReleased, in: undone, if: .otherThanReturn, "what was sold is still to come back"),
        .on(.holdEnded, .stockReleased, in: undone, if: .stockOpen, .noteReleased),
        .ignore(.holdEnded, .stockReleased, in: undone, "duplicate"),
    ]

    private static let paymentRules: [OrderSagaRule] = [
        .ignore(.paymentPending, .paymentProcessing, .paymentTryFailed, in: running, if: .charged, "it has succeeded"),
        .on(.paymentProcessing, in: paying, if: .mayExtend, to: .paymentPending, .extend),
        .on(.paymentProcessing, in: running, if: .overdue, to: .paymentPending, .waitForProcessing),
        .on(
            .paymentPending, .paymentProcessing, .paymentTryFailed, in: [.started, .stockReserved],
            to: .paymentPending, .notePending),
        .ignore(.paymentPending, .paymentProcessing, in: [.paymentPending], "pending already"),
        .ignore(.paymentTryFailed, in: [.paymentPending], "the customer may try again"),
        .ignore(.paymentPending, .paymentProcessing, .paymentTryFailed, in: [.completed], "it has succeeded"),
        .on(
            .paymentPending, .paymentProcessing, .paymentTryFailed, in: undone, if: .paymentUnknown, .notePending),
        .ignore(.paymentPending, .paymentProcessing, .paymentTryFailed, in: undone, "the order has ended"),

        .ignore(.paymentSucceeded, in: running + undone, if: .chargedBefore, "duplicate"),
        .ignore(.paymentSucceeded, in: [.completed], "duplicate"),
        .on(.paymentSucceeded, in: running, if: .holdGone, to: .paymentPending, .latePayment),
        .on(.paymentSucceeded, in: running, to: .completed, .confirm),
        .on(.paymentSucceeded, in: failed, .latePayment),
        .on(.paymentSucceeded, in: [.cancelled], .refundLate),

        .illegal(.paymentDeclined, .paymentCancelled, in: all, if: .charged, "it has succeeded"),
        .on(.paymentDeclined, in: running, to: .paymentFailed, .declined),
        .on(.paymentCancelled, in: running, if: .overdue, to: .paymentFailed, .cancelledOverdue),
        .on(.paymentCancelled, in: running, to: .paymentFailed, .cancelledUnasked),
        .on(.paymentDeclined, in: undone, if: .paymentOpen, .notePaymentFailed),
        .on(.paymentCancelled, in: undone, if: .paymentOpen, .notePaymentCancelled),
        .ignore(.paymentDeclined, .paymentCancelled, in: undone + [.completed], "duplicate"),

        .ignore(.paymentRefunded, in: all, if: .knownRefund, "duplicate"),
        .on(
            .paymentRefunded, in: [.paymentPending], if: .rescueAsked && .fullRefund, to: .paymentFailed,
            .rescueNeedless),
        .on(.paymentRefunded, in: [.paymentPending], if: .rescueAsked, .noteRefund),
        .illegal(.paymentRefunded, in: running, "nothing was charged"),
        .on(.paymentRefunded, in: failed, if: .rescueAsked && .fullRefund, .rescueNeedless),
        .on(.paymentRefunded, in: undone + [.completed], .noteRefund),
        .ignore(.refundFailed, in: all, if: .lostRefund, "duplicate"),
        .on(.refundFailed, in: all, .refundTakenBack),
    ]

    private static let deadlineRules: [OrderSagaRule] = [
        .on(.stockDeadline, in: [.started], if: !.overdue, to: .stockFailed, .stockTimeout),
        .on(.stockDeadline, in: [.paymentPending], if: !.overdue && .stockUnknown, .paymentOverdue),
        .on(.paymentDeadline, in: paying, if: !.overdue && !.charged, .paymentOverdue),
        .on(.answerDeadline, in: running, if: .overdue, .askPaymentAgain),
        .on(.rescueDeadline, in: [.paymentPending], if: .rescueAsked, to: .paymentFailed, .rescueTimeout),
        .on(.rescueDeadline, in: failed, if: .rescueAsked, .rescueTimeout),
        .on(.undoDeadline, in: undone, if: .unsettled && !.rescueAsked, .repeatUndo),
        .on(.totalDeadline, in: [.started], if: !.overdue, to: .stockFailed, .totalTimeout),
        .on(.totalDeadline, in: paying, if: !.overdue && !.charged, .totalOverdue),
        .ignore(
            .stockDeadline, .paymentDeadline, .answerDeadline, .rescueDeadline, .undoDeadline, .totalDeadline, in: all,
            "overtaken"),
    ]

    private static let requestRules: [OrderSagaRule] = [
        .on(.cancelRequested, in: running, to: .cancelled, .customerCancel),
        .on(.cancelRequested, in: [.completed], if: .fromVersion2, to: .cancelled, .customerCancel),
        .ignore(.cancelRequested, in: [.cancelled], "cancelled already"),
        .ignore(.cancelRequested, in: failed + [.completed], "the order has ended"),

        .on(.retryRequested, in: running, if: .overdue, .retryAnswer),
        .on(.retryRequested, in: rescuing, if: .rescueAsked, .retryRescue),
        .on(.retryRequested, in: running, .retryWait),
        .on(.retryRequested, in: undone, if: .unsettled, .retryUndo),
        .ignore(.retryRequested, in: undone + [.completed], "settled: there is nothing to repeat"),
    ]
}
