import ServiceRuntime

/// One way that an order can take.
struct DemoFlow: Sendable {
    /// What the demo does beside placing the order.
    enum Act: Sendable, Equatable {
        case nothing
        /// The customer cancels once the payment is awaited.
        case cancel
        /// The customer does what the bank asks for.
        case authenticate
        /// Inventory is held back until the order has failed.
        case pauseInventory
    }

    /// How it has to end.
    struct Expectation: Sendable, Equatable {
        let status: String
        let reason: String?
        /// The statuses of all PaymentIntents that were made for the order.
        let intents: [String]
        /// How many pieces are sold at the end.
        let sold: Int
    }

    let title: String
    let story: String
    let sku: String
    let quantity: Int
    let paymentMethod: String?
    let act: Act
    let expected: Expectation
    /// The deadline that it waits for; nil when it waits for none.
    var waits: (@Sendable (ArtesanosConfiguration) -> Duration)?

    static let all = [
        DemoFlow(
            title: "Paid", story: "the card is good: the order is confirmed, the piece is sold", sku: "OLI-TABLA-45",
            quantity: 1, paymentMethod: "pm_card_visa", act: .nothing,
            expected: .init(status: "CONFIRMED", reason: nil, intents: ["succeeded"], sold: 1)),
        DemoFlow(
            title: "Out of stock", story: "two are ordered, one is left: no PaymentIntent is ever made",
            sku: "FIL-CORDOBA-PEND", quantity: 2, paymentMethod: "pm_card_visa", act: .nothing,
            expected: .init(status: "CANCELLED", reason: "out_of_stock", intents: [], sold: 0)),
        DemoFlow(
            title: "Declined", story: "the card is declined: the stock is released", sku: "CUE-UBRIQUE-CARTERA",
            quantity: 1, paymentMethod: "pm_card_chargeDeclined", act: .nothing,
            expected: .init(status: "CANCELLED", reason: "payment_declined", intents: ["canceled"], sold: 0)),
        DemoFlow(
            title: "Cancelled", story: "the customer changes their mind before paying", sku: "ESP-CAPACHO-32",
            quantity: 2, paymentMethod: nil, act: .cancel,
            expected: .init(status: "CANCELLED", reason: "customer_request", intents: ["canceled"], sold: 0)),
        DemoFlow(
            title: "Authenticated", story: "the bank asks the customer first, who confirms", sku: "CER-BAILEN-ORZA",
            quantity: 1, paymentMethod: "pm_card_authenticationRequired", act: .authenticate,
            expected: .init(status: "CONFIRMED", reason: nil, intents: ["succeeded"], sold: 1)),
        DemoFlow(
            title: "Payment too late",
            story: "nobody pays: the PaymentIntent is cancelled first, then the stock released",
            sku: "CER-UBEDA-LEBRILLO", quantity: 1, paymentMethod: nil, act: .nothing,
            expected: .init(status: "FAILED", reason: "payment_timeout", intents: ["canceled"], sold: 0),
            waits: { $0.reservation.ttl - $0.saga.paymentMargin }),
        DemoFlow(
            title: "Inventory silent", story: "inventory does not answer in time, and comes back afterwards",
            sku: "OLI-TABLA-45", quantity: 1, paymentMethod: "pm_card_visa", act: .pauseInventory,
            expected: .init(status: "FAILED", reason: "stock_timeout", intents: [], sold: 0),
            waits: { $0.saga.stockDeadline }),
    ]
}
