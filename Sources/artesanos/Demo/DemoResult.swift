/// How one flow ended.
struct DemoResult: Sendable {
    let flow: DemoFlow
    let status: String
    let reason: String?
    /// From placed to settled, by the database's clock.
    let milliseconds: Int
    /// The statuses of the order's PaymentIntents; nil when payments talk to Stripe itself.
    let intents: [String]?
    let before: DemoShop.Stock
    let after: DemoShop.Stock

    var isAsExpected: Bool {
        let expected = flow.expected
        return status == expected.status && reason == expected.reason
            && (intents == nil || intents == expected.intents)
            && before.onHand - after.onHand == expected.sold && after.reserved == before.reserved
    }
}
