extension OrderSagaSituation {
    var expectations: String {
        switch self {
        case .started:
            """
            inventory.reserved.v1             | STOCK_RESERVED deadline payment
            inventory.out-of-stock.v1         | STOCK_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            inventory.released.v1 (expired)   | = order.payment-overdue.v1, deadline answer
            inventory.released.v1             | illegal
            payment.pending.v1                | PAYMENT_PENDING noted
            payment.pending.v1 (processing)   | PAYMENT_PENDING noted
            payment.succeeded.v1              | COMPLETED order CONFIRMED, order.confirmed.v1, settled
            payment.failed.v1                 | PAYMENT_PENDING noted
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.cancelled.v1              | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | STOCK_FAILED order FAILED, order.failed.v1, deadline undo
            deadline.payment                  | ignored
            deadline.answer                   | ignored
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | STOCK_FAILED order FAILED, order.failed.v1, deadline undo
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = order.created.v1, deadline stock
            """
        case .startedHoldGone:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | illegal
            inventory.released.v1 (expired)   | ignored
            inventory.released.v1             | illegal
            payment.pending.v1                | PAYMENT_PENDING noted
            payment.pending.v1 (processing)   | PAYMENT_PENDING deadline answer
            payment.succeeded.v1              | PAYMENT_PENDING order.late-payment.v1, deadline rescue
            payment.failed.v1                 | PAYMENT_PENDING noted
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, settled
            payment.cancelled.v1              | PAYMENT_FAILED order FAILED, order.failed.v1, settled
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | ignored
            deadline.answer                   | = order.payment-overdue.v1, deadline answer
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | ignored
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = order.payment-overdue.v1, deadline answer
            """
        case .stockReserved:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | illegal
            inventory.released.v1 (expired)   | = order.payment-overdue.v1, deadline answer
            inventory.released.v1             | illegal
            payment.pending.v1                | PAYMENT_PENDING noted
            payment.pending.v1 (processing)   | PAYMENT_PENDING noted
            payment.succeeded.v1              | COMPLETED order CONFIRMED, order.confirmed.v1, settled
            payment.failed.v1                 | PAYMENT_PENDING noted
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.cancelled.v1              | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | = order.payment-overdue.v1, deadline answer
            deadline.answer                   | ignored
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | = order.payment-overdue.v1, deadline answer
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = order.created.v1, deadline payment
            """
        case .stockReservedOverdue:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | illegal
            inventory.released.v1 (expired)   | = noted
            inventory.released.v1             | illegal
            payment.pending.v1                | PAYMENT_PENDING noted
            payment.pending.v1 (processing)   | PAYMENT_PENDING deadline payment
            payment.succeeded.v1              | COMPLETED order CONFIRMED, order.confirmed.v1, settled
            payment.failed.v1                 | PAYMENT_PENDING noted
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.cancelled.v1              | PAYMENT_FAILED order FAILED, order.failed.v1, deadline undo
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | ignored
            deadline.answer                   | = order.payment-overdue.v1, deadline answer
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | ignored
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = order.payment-overdue.v1, deadline answer
            """
        case .paymentPending:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | illegal
            inventory.released.v1 (expired)   | = order.payment-overdue.v1, deadline answer
            inventory.released.v1             | illegal
            payment.pending.v1                | ignored
            payment.pending.v1 (processing)   | ignored
            payment.succeeded.v1              | COMPLETED order CONFIRMED, order.confirmed.v1, settled
            payment.failed.v1                 | ignored
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.cancelled.v1              | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | = order.payment-overdue.v1, deadline answer
            deadline.answer                   | ignored
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | = order.payment-overdue.v1, deadline answer
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = deadline payment
            """
        case .paymentBeforeStock:
            """
            inventory.reserved.v1             | = deadline payment
            inventory.out-of-stock.v1         | illegal
            inventory.released.v1 (expired)   | = order.payment-overdue.v1, deadline answer
            inventory.released.v1             | illegal
            payment.pending.v1                | ignored
            payment.pending.v1 (processing)   | ignored
            payment.succeeded.v1              | COMPLETED order CONFIRMED, order.confirmed.v1, settled
            payment.failed.v1                 | ignored
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.cancelled.v1              | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | = order.payment-overdue.v1, deadline answer
            deadline.payment                  | = order.payment-overdue.v1, deadline answer
            deadline.answer                   | ignored
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | = order.payment-overdue.v1, deadline answer
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = order.created.v1, deadline stock
            """
        case .paymentOverdue:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | illegal
            inventory.released.v1 (expired)   | = noted
            inventory.released.v1             | illegal
            payment.pending.v1                | ignored
            payment.pending.v1 (processing)   | = deadline payment
            payment.succeeded.v1              | COMPLETED order CONFIRMED, order.confirmed.v1, settled
            payment.failed.v1                 | ignored
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, deadline undo
            payment.cancelled.v1              | PAYMENT_FAILED order FAILED, order.failed.v1, deadline undo
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | ignored
            deadline.answer                   | = order.payment-overdue.v1, deadline answer
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | ignored
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = order.payment-overdue.v1, deadline answer
            """
        case .holdGone:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | illegal
            inventory.released.v1 (expired)   | ignored
            inventory.released.v1             | illegal
            payment.pending.v1                | ignored
            payment.pending.v1 (processing)   | = deadline answer
            payment.succeeded.v1              | = order.late-payment.v1, deadline rescue
            payment.failed.v1                 | ignored
            payment.failed.v1 (final)         | PAYMENT_FAILED order CANCELLED, order.cancelled.v1, settled
            payment.cancelled.v1              | PAYMENT_FAILED order FAILED, order.failed.v1, settled
            payment.refunded.v1               | illegal
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | ignored
            deadline.answer                   | = order.payment-overdue.v1, deadline answer
            deadline.rescue                   | ignored
            deadline.undo                     | ignored
            deadline.total                    | ignored
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
            operator.retry                    | = order.payment-overdue.v1, deadline answer
            """
        case .runningRescue:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | PAYMENT_FAILED order FAILED, order.failed.v1, order.refund-due.v1, deadline undo
            inventory.released.v1 (expired)   | ignored
            inventory.released.v1             | illegal
            payment.pending.v1                | ignored
            payment.pending.v1 (processing)   | ignored
            payment.succeeded.v1              | ignored
            payment.failed.v1                 | ignored
            payment.failed.v1 (final)         | ignored
            payment.cancelled.v1              | illegal
            payment.refunded.v1               | PAYMENT_FAILED order FAILED, order.failed.v1, deadline undo
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | ignored
            deadline.answer                   | ignored
            deadline.rescue                   | PAYMENT_FAILED order FAILED, order.failed.v1, order.refund-due.v1, deadline undo
            deadline.undo                     | ignored
            deadline.total                    | ignored
            customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, order.refund-due.v1, deadline undo
            operator.retry                    | = order.late-payment.v1, deadline rescue
            """
        case .completed, .completedRefunded, .outOfStock, .stockTimeout, .stockTimeoutRescue, .declined,
            .failedSettled, .failedRescue, .failedRefunding, .cancelled, .cancelledRefunding, .stockLost,
            .cancelledSettled:
            endedExpectations
        }
    }
}
