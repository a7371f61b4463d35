extension OrderSagaSituation {
    /// A deadline that is not the one that runs changes nothing.
    private static let noDeadlineButUndo = """
        deadline.stock                    | ignored
        deadline.payment                  | ignored
        deadline.answer                   | ignored
        deadline.rescue                   | ignored
        deadline.total                    | ignored
        """
    private static let noDeadline = noDeadlineButUndo + "\ndeadline.undo | ignored"

    var endedExpectations: String {
        switch self {
        case .completed:
            Self.noDeadline + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | CANCELLED order CANCELLED, order.cancelled.v1, order.refund-due.v1, deadline undo
                inventory.released.v1 (expired)   | ignored
                inventory.released.v1             | ignored
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | ignored
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | illegal
                payment.refunded.v1               | = noted
                payment.refund-failed.v1          | = noted
                customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, order.refund-due.v1, deadline undo
                operator.retry                    | ignored
                """
        case .completedRefunded:
            Self.noDeadline + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | CANCELLED order CANCELLED, order.cancelled.v1, settled
                inventory.released.v1 (expired)   | ignored
                inventory.released.v1             | ignored
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | ignored
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | ignored
                payment.refunded.v1               | ignored
                payment.refund-failed.v1          | = noted
                customer.cancel                   | CANCELLED order CANCELLED, order.cancelled.v1, deadline undo
                operator.retry                    | ignored
                """
        case .outOfStock:
            Self.noDeadlineButUndo + """

                inventory.reserved.v1             | = order.cancelled.v1, deadline undo
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | ignored
                inventory.released.v1             | ignored
                payment.pending.v1                | = noted
                payment.pending.v1 (processing)   | = noted
                payment.succeeded.v1              | = order.late-payment.v1, deadline rescue
                payment.failed.v1                 | = noted
                payment.failed.v1 (final)         | = settled
                payment.cancelled.v1              | = settled
                payment.refunded.v1               | = settled
                payment.refund-failed.v1          | = noted
                deadline.undo                     | = order.cancelled.v1, deadline undo
                customer.cancel                   | ignored
                operator.retry                    | = order.cancelled.v1, deadline undo
                """
        case .stockTimeout:
            Self.noDeadlineButUndo + """

                inventory.reserved.v1             | = noted
                inventory.out-of-stock.v1         | = noted
                inventory.released.v1 (expired)   | = noted
                inventory.released.v1             | = noted
                payment.pending.v1                | = noted
                payment.pending.v1 (processing)   | = noted
                payment.succeeded.v1              | = order.late-payment.v1, deadline rescue
                payment.failed.v1                 | = noted
                payment.failed.v1 (final)         | = noted
                payment.cancelled.v1              | = noted
                payment.refunded.v1               | = noted
                payment.refund-failed.v1          | = noted
                deadline.undo                     | = order.failed.v1, deadline undo
                customer.cancel                   | ignored
                operator.retry                    | = order.failed.v1, deadline undo
                """
        case .stockTimeoutRescue:
            // Inventory's first answer is still open: what it says now is that answer, not the rescue's.
            """
            inventory.reserved.v1             | = noted
            inventory.out-of-stock.v1         | = noted
            inventory.released.v1 (expired)   | = noted
            inventory.released.v1             | = noted
            payment.pending.v1                | ignored
            payment.pending.v1 (processing)   | ignored
            payment.succeeded.v1              | ignored
            payment.failed.v1                 | ignored
            payment.failed.v1 (final)         | ignored
            payment.cancelled.v1              | illegal
            payment.refunded.v1               | = order.failed.v1, deadline undo
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | ignored
            deadline.answer                   | ignored
            deadline.rescue                   | = order.failed.v1, order.refund-due.v1, deadline undo
            deadline.undo                     | ignored
            deadline.total                    | ignored
            customer.cancel                   | ignored
            operator.retry                    | = order.late-payment.v1, deadline rescue
            """
        case .declined:
            Self.noDeadlineButUndo + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | = settled
                inventory.released.v1             | = settled
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | = order.late-payment.v1, deadline rescue
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | ignored
                payment.refunded.v1               | = noted
                payment.refund-failed.v1          | = noted
                deadline.undo                     | = order.cancelled.v1, deadline undo
                customer.cancel                   | ignored
                operator.retry                    | = order.cancelled.v1, deadline undo
                """
        case .failedSettled:
            Self.noDeadline + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | ignored
                inventory.released.v1             | ignored
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | = order.late-payment.v1, deadline rescue
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | ignored
                payment.refunded.v1               | = noted
                payment.refund-failed.v1          | = noted
                customer.cancel                   | ignored
                operator.retry                    | ignored
                """
        case .failedRescue:
            """
            inventory.reserved.v1             | ignored
            inventory.out-of-stock.v1         | = order.refund-due.v1, deadline undo
            inventory.released.v1 (expired)   | ignored
            inventory.released.v1             | ignored
            payment.pending.v1                | ignored
            payment.pending.v1 (processing)   | ignored
            payment.succeeded.v1              | ignored
            payment.failed.v1                 | ignored
            payment.failed.v1 (final)         | ignored
            payment.cancelled.v1              | illegal
            payment.refunded.v1               | = order.failed.v1, deadline undo
            payment.refund-failed.v1          | = noted
            deadline.stock                    | ignored
            deadline.payment                  | ignored
            deadline.answer                   | ignored
            deadline.rescue                   | = order.failed.v1, order.refund-due.v1, deadline undo
            deadline.undo                     | ignored
            deadline.total                    | ignored
            customer.cancel                   | ignored
            operator.retry                    | = order.late-payment.v1, deadline rescue
            """
        case .failedRefunding:
            Self.noDeadlineButUndo + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | ignored
                inventory.released.v1             | ignored
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | ignored
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | illegal
                payment.refunded.v1               | = settled
                payment.refund-failed.v1          | = noted
                deadline.undo                     | = order.refund-due.v1, deadline undo
                customer.cancel                   | ignored
                operator.retry                    | = order.refund-due.v1, deadline undo
                """
        case .cancelled:
            Self.noDeadlineButUndo + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | = noted
                inventory.released.v1             | = noted
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | = order.refund-due.v1, deadline undo
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | = noted
                payment.cancelled.v1              | = noted
                payment.refunded.v1               | = noted
                payment.refund-failed.v1          | = noted
                deadline.undo                     | = order.cancelled.v1, deadline undo
                customer.cancel                   | ignored
                operator.retry                    | = order.cancelled.v1, deadline undo
                """
        case .cancelledRefunding:
            Self.noDeadlineButUndo + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | = noted
                inventory.released.v1             | = noted
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | ignored
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | illegal
                payment.refunded.v1               | = noted
                payment.refund-failed.v1          | = noted
                deadline.undo                     | = order.cancelled.v1, order.refund-due.v1, deadline undo
                customer.cancel                   | ignored
                operator.retry                    | = order.cancelled.v1, order.refund-due.v1, deadline undo
                """
        case .stockLost:
            Self.noDeadlineButUndo + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | ignored
                inventory.released.v1             | ignored
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | ignored
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | illegal
                payment.refunded.v1               | = settled
                payment.refund-failed.v1          | = noted
                deadline.undo                     | = order.refund-due.v1, deadline undo
                customer.cancel                   | ignored
                operator.retry                    | = order.refund-due.v1, deadline undo
                """
        default:
            Self.noDeadline + """

                inventory.reserved.v1             | ignored
                inventory.out-of-stock.v1         | ignored
                inventory.released.v1 (expired)   | ignored
                inventory.released.v1             | ignored
                payment.pending.v1                | ignored
                payment.pending.v1 (processing)   | ignored
                payment.succeeded.v1              | = order.refund-due.v1, deadline undo
                payment.failed.v1                 | ignored
                payment.failed.v1 (final)         | ignored
                payment.cancelled.v1              | ignored
                payment.refunded.v1               | = noted
                payment.refund-failed.v1          | = noted
                customer.cancel                   | ignored
                operator.retry                    | ignored
                """
        }
    }
}
