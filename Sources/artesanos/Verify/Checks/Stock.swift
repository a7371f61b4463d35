import Foundation
import Composition

extension SystemCheck {
    static let stock = SystemCheck(
        name: "stock",
        promise: "an order is CONFIRMED exactly if its pieces were taken off the shelf once; else none is held",
        queries: [
            CheckQuery(.orders, "select * from order_account where order_id = 'KEY'"),
            CheckQuery(.inventory, "select * from stock_account where order_id = 'KEY'"),
        ], look: .orders(stockRule))

    @Sendable static func stockRule(_ account: OrderAccount) -> String? {
        guard let order = account.order else { return nil }
        if let other = account.reservations.first(where: { $0.lines != order.lines }) {
            return "the reservation \(other.id.uuidString.lowercased()) is of other pieces than the order"
        }
        let (committed, active) = (
            account.reservations(in: "committed").count, account.reservations(in: "active").count
        )
        if committed > 0, !order.isConfirmed { return "\(order.status), and its pieces were taken off the shelf" }
        guard order.isSettled else { return nil }
        if order.isConfirmed, committed != 1 { return "\(order.status), and \(committed) reservations are committed" }
        return active > 0 ? "\(order.status), and pieces are still held" : nil
    }
}
