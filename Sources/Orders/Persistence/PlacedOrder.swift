import Contracts
import Foundation
import Postgres

/// An order as it was placed: what has to be said again when somebody is asked again.
struct PlacedOrder: Sendable, Hashable {
    let customerID: String
    let total: Money
    /// Stripe's method that the server confirms with; nil when the customer pays.
    let paymentMethod: String?
    var lines: [OrderLine]

    /// What has to be in stock.
    var stockLines: [StockLine] { lines.map { StockLine(sku: $0.sku, quantity: $0.quantity) } }

    /// Reads rows of ``SagaSQL/placed``.
    static func read(_ rows: PostgresRows) throws -> [UUID: PlacedOrder] {
        var orders: [UUID: PlacedOrder] = [:]
        for row in rows {
            let (id, customer, currency, total, method, sku, quantity, price) = try row.decode(
                UUID.self, String.self, String.self, Int64.self, String?.self, String.self, Int.self, Int64.self)
            let line = OrderLine(sku: sku, quantity: quantity, unitPrice: Money(amount: price, currency: currency))
            orders[
                id,
                default: PlacedOrder(
                    customerID: customer, total: Money(amount: total, currency: currency), paymentMethod: method,
                    lines: [])
            ].lines.append(line)
        }
        return orders
    }
}
