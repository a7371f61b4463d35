import Composition

extension SystemCheck {
    static let amounts = SystemCheck(
        name: "amounts", promise: "a payment is over its order's price",
        queries: [
            CheckQuery(.orders, "select * from order_account where order_id = 'KEY'"),
            CheckQuery(.payments, "select * from payment_account where order_id = 'KEY'"),
        ], look: .orders(amountsRule))

    @Sendable static func amountsRule(_ account: OrderAccount) -> String? {
        guard let order = account.order, let payment = account.payment, let amount = payment.amountMinor else {
            return nil
        }
        guard amount != order.totalMinor || payment.currency != order.currency else { return nil }
        return "ordered for \(order.totalMinor) \(order.currency), to be paid \(amount) \(payment.currency ?? "")"
    }
}
