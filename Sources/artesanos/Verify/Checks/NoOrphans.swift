import Composition

extension SystemCheck {
    static let noOrphans = SystemCheck(
        name: "no-orphans", promise: "no reservation and no payment is of an order that is not there",
        queries: [
            CheckQuery(.inventory, "select * from stock_account where order_id = 'KEY'"),
            CheckQuery(.payments, "select * from payment_account where order_id = 'KEY'"),
        ], look: .orders(noOrphansRule))

    @Sendable static func noOrphansRule(_ account: OrderAccount) -> String? {
        guard account.order == nil else { return nil }
        let found =
            account.reservations.map { "a reservation (\($0.status))" }
            + [account.payment.map { "a payment (\($0.status))" }].compactMap { $0 }
        return found.isEmpty ? nil : "no order, but " + found.joined(separator: ", ")
    }
}
