public import Foundation

/// One line of an order as it was priced when the order was placed.
public struct OrderLine: Codable, Sendable, Hashable {
    public let sku: String
    public let quantity: Int
    /// The price of one piece, from the order service's own replica of the catalogue.
    public let unitPrice: Money

    public init(sku: String, quantity: Int, unitPrice: Money) {
        self.sku = sku
        self.quantity = quantity
        self.unitPrice = unitPrice
    }
}

/// `order.created.v1`: an order was placed; its saga has started.
public struct OrderCreated: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let customerId: String
    public let lines: [OrderLine]
    public let total: Money
    /// Stripe's payment method to be confirmed by the server; nil when the customer confirms with the client secret.
    public let paymentMethod: String?

    public init(
        orderId: UUID, sagaId: UUID, customerId: String, lines: [OrderLine], total: Money, paymentMethod: String? = nil
    ) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.customerId = customerId
        self.lines = lines
        self.total = total
        self.paymentMethod = paymentMethod
    }
}

/// `order.confirmed.v1`: paid and in stock; inventory commits the reservation.
public struct OrderConfirmed: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID

    public init(orderId: UUID, sagaId: UUID) {
        self.orderId = orderId
        self.sagaId = sagaId
    }
}

/// `order.cancelled.v1`: out of stock, declined or cancelled by the customer; inventory releases, payments cancel.
public struct OrderCancelled: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    /// A stable code: `out_of_stock`, `payment_declined`, `payment_cancelled` (at Stripe, unasked), `customer_request`,
    /// `stock_lost`.
    public let reason: String
    /// What was missing, line by line, when the reason is stock; else empty.
    public let shortages: [Shortage]

    public init(orderId: UUID, sagaId: UUID, reason: String, shortages: [Shortage] = []) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.reason = reason
        self.shortages = shortages
    }

    /// Whether nothing saves the order any more, not even money that comes late: then what was sold for it goes back on
    /// the shelf. The other reasons are of orders that a late payment can still confirm.
    public var isFinal: Bool { reason == "customer_request" || reason == "stock_lost" }
}

/// `order.failed.v1`: a deadline passed; inventory releases, payments cancel.
public struct OrderFailed: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    /// A stable code: `stock_timeout`, `payment_timeout`, `reservation_expired`, `total_timeout`.
    public let reason: String

    public init(orderId: UUID, sagaId: UUID, reason: String) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.reason = reason
    }
}

/// `order.payment-overdue.v1`: payments is to cancel the PaymentIntent and to say how it ended.
public struct OrderPaymentOverdue: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID

    public init(orderId: UUID, sagaId: UUID) {
        self.orderId = orderId
        self.sagaId = sagaId
    }
}

/// `order.late-payment.v1`: money came for an ended order; inventory is to reserve again.
public struct OrderLatePayment: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let lines: [StockLine]

    public init(orderId: UUID, sagaId: UUID, lines: [StockLine]) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.lines = lines
    }
}

/// `order.refund-due.v1`: payments is to give the whole charge back, once.
public struct OrderRefundDue: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    /// A stable code: `customer_request`, `late_payment`, `stock_lost`.
    public let reason: String

    public init(orderId: UUID, sagaId: UUID, reason: String) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.reason = reason
    }
}
