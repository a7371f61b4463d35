import Composition

extension SystemCheck {
    static let money = SystemCheck(
        name: "money",
        promise: "an order is CONFIRMED exactly if it was paid once; else nothing is charged, or all is back",
        queries: [
            CheckQuery(.orders, "select * from order_account where order_id = 'KEY'"),
            CheckQuery(.payments, "select * from payment_account where order_id = 'KEY'"),
        ], look: .orders(moneyRule))

    /// What an operator refunds of a confirmed order is between them and the customer; what the order itself asks to be
    /// refunded means that it is not confirmed.
    @Sendable static func moneyRule(_ account: OrderAccount) -> String? {
        guard let order = account.order else {
            guard let payment = account.payment, payment.netMinor != 0 else { return nil }
            return "\(payment.netMinor) charged for an order that is not there"
        }
        guard order.isSettled else { return nil }
        guard let payment = account.payment else {
            return order.isConfirmed ? "\(order.status) without a payment" : nil
        }
        if order.isConfirmed {
            if payment.status != "succeeded" { return "\(order.status), and the payment \(payment.status)" }
            if payment.receivedMinor != order.totalMinor {
                return "\(order.status), and \(payment.receivedMinor) of \(order.totalMinor) received"
            }
            return payment.orderRefunds > 0 ? "\(order.status), and refunded for the order" : nil
        }
        if payment.isLive { return "\(order.status), and the payment is \(payment.status)" }
        return payment.netMinor == 0
            ? nil : "\(order.status), and \(payment.netMinor) of \(payment.receivedMinor) not given back"
    }
}
