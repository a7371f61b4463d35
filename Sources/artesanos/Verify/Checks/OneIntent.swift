import Composition

extension SystemCheck {
    static let oneIntent = SystemCheck(
        name: "one-intent", promise: "at most one PaymentIntent was made for an order",
        queries: [CheckQuery(.payments, "select * from payment_account where intents > 1")],
        look: .orders(oneIntentRule))

    @Sendable static func oneIntentRule(_ account: OrderAccount) -> String? {
        guard let payment = account.payment, payment.intents > 1 else { return nil }
        return "\(payment.intents) PaymentIntents"
    }
}
