/// The events' types, which are also their subjects on the wire. The version is part of the name: a changed meaning is a
/// new type.
public enum EventType {
    public static let orderCreated = "order.created.v1"
    public static let orderConfirmed = "order.confirmed.v1"
    public static let orderCancelled = "order.cancelled.v1"
    public static let orderFailed = "order.failed.v1"
    /// The saga asks payments to cancel the PaymentIntent and to say how it ended.
    public static let orderPaymentOverdue = "order.payment-overdue.v1"
    /// Money came for an order that has ended: the saga asks inventory to reserve again.
    public static let orderLatePayment = "order.late-payment.v1"
    /// The saga asks payments to give the whole charge back, once.
    public static let orderRefundDue = "order.refund-due.v1"

    public static let paymentPending = "payment.pending.v1"
    public static let paymentSucceeded = "payment.succeeded.v1"
    public static let paymentFailed = "payment.failed.v1"
    public static let paymentCancelled = "payment.cancelled.v1"
    public static let paymentRefunded = "payment.refunded.v1"
    /// A refund that had been told as given back was not, after all.
    public static let paymentRefundFailed = "payment.refund-failed.v1"

    public static let inventoryReserved = "inventory.reserved.v1"
    public static let inventoryOutOfStock = "inventory.out-of-stock.v1"
    public static let inventoryReleased = "inventory.released.v1"
    public static let inventoryLowStock = "inventory.low-stock.v1"
    public static let inventoryProductChanged = "inventory.product-changed.v1"

    /// What the order service publishes.
    public static let orders = [
        orderCreated, orderConfirmed, orderCancelled, orderFailed, orderPaymentOverdue, orderLatePayment,
        orderRefundDue,
    ]
    /// What the payment service publishes.
    public static let payments = [
        paymentPending, paymentSucceeded, paymentFailed, paymentCancelled, paymentRefunded,
        paymentRefundFailed,
    ]
    /// What the inventory service publishes.
    public static let inventory = [
        inventoryReserved, inventoryOutOfStock, inventoryReleased, inventoryLowStock, inventoryProductChanged,
    ]
}
