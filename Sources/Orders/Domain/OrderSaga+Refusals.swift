extension OrderSaga {
    /// Tried before all transitions: what was heard before, and what contradicts what is known.
    static let guards: [OrderSagaRule] = [
        .ignore(.holdEnded, in: running, if: .olderHold, "a later reservation is known"),
        .ignore(.holdEnded, in: running, if: .holdGone, "duplicate"),
        .ignore(.holdEnded, .stockReleased, in: undone, if: .olderHold, "a later reservation is known"),
        .ignore(.holdEnded, .stockReleased, in: undone, if: .otherThanReturn, "what was sold is still to come back"),
        .ignore(.paymentPending, .paymentProcessing, .paymentTryFailed, in: running, if: .charged, "it has succeeded"),
        .ignore(.paymentSucceeded, in: running + undone, if: .chargedBefore, "duplicate"),
        .ignore(.paymentDeclined, in: all, if: .charged, "it has succeeded since"),
        .illegal(.paymentCancelled, in: all, if: .charged, "it has succeeded"),
        .ignore(.paymentRefunded, in: all, if: .knownRefund, "duplicate"),
        .ignore(.refundFailed, in: all, if: .lostRefund, "duplicate"),
    ]

    /// Tried after all transitions: what is left came twice or too late, or cannot be if every service keeps its word.
    static let refusals: [OrderSagaRule] = [
        .ignore(.stockReserved, in: running + undone, "duplicate"),
        .ignore(.stockReserved, in: [.completed], "the order is confirmed already"),
        .illegal(.outOfStock, in: running, "the stock was reserved"),
        .ignore(.outOfStock, in: undone, "nothing was held any more"),
        .illegal(.stockReleased, in: running, "the order has not ended"),
        .ignore(.holdEnded, .stockReleased, in: [.completed], "inventory takes the stock anew or says that it is lost"),
        .ignore(.holdEnded, .stockReleased, in: undone, "duplicate"),

        .ignore(.paymentPending, .paymentProcessing, in: [.paymentPending], "pending already"),
        .ignore(.paymentTryFailed, in: [.paymentPending], "the customer may try again"),
        .ignore(.paymentPending, .paymentProcessing, .paymentTryFailed, in: [.completed], "it has succeeded"),
        .ignore(.paymentPending, .paymentProcessing, .paymentTryFailed, in: undone, "the order has ended"),
        .ignore(.paymentSucceeded, in: [.completed], "duplicate"),
        .ignore(.paymentDeclined, .paymentCancelled, in: undone + [.completed], "duplicate"),
        .illegal(.paymentRefunded, in: running, "nothing was charged"),

        .ignore(
            .stockDeadline, .paymentDeadline, .answerDeadline, .rescueDeadline, .undoDeadline, .totalDeadline, in: all,
            "overtaken"),
        .ignore(.cancelRequested, in: [.cancelled], "cancelled already"),
        .ignore(.cancelRequested, in: failed + [.completed], "the order has ended"),
        .ignore(.retryRequested, in: undone + [.completed], "settled: there is nothing to repeat"),
    ]
}
