import Composition
import Contracts
import Foundation
import Postgres

/// What the load does at the shop.
struct LoadShop: Sendable {
    let client: ServiceClient
    let customer: String
    let operations: String

    private struct NewOrder: Encodable, Sendable {
        let lines: [StockLine]
        let paymentMethod: String?
    }

    private struct Product: Encodable, Sendable {
        let artisanId = "load"
        let title: String
        let price = Money(amount: 2500, currency: "EUR")
    }

    private struct Adjustment: Encodable, Sendable {
        let delta: Int
        let reason = "load"
    }

    /// Makes the plans' products where they are not there yet, and puts as many pieces on the shelf as they need.
    func stockUp(_ plan: LoadPlan, and other: LoadPlan) async throws {
        for sku in plan.skus + [LoadPlan.soldOut] {
            let answer = try await client.put(
                .inventory, "/products/\(sku)", token: operations, ifNoneMatch: "*",
                body: Product(title: "Piece of the load test \(sku)"))
            // 412: an earlier load made it.
            guard [201, 412].contains(answer.status) else { throw Self.unexpected("PUT /products/\(sku)", answer) }
            let missing = plan.pieces(of: sku) + other.pieces(of: sku) - (try await available(sku))
            guard missing > 0 else { continue }
            let stocked = try await client.post(
                .inventory, "/products/\(sku)/stock/adjustments", token: operations,
                idempotencyKey: UUID().uuidString, body: Adjustment(delta: missing))
            guard stocked.status == 201 else { throw Self.unexpected("POST …/stock/adjustments", stocked) }
        }
    }

    private func available(_ sku: String) async throws -> Int {
        let answer = try await client.get(.inventory, "/products/\(sku)/stock", token: operations)
        guard answer.status == 200 else { throw Self.unexpected("GET …/stock", answer) }
        return try answer.json(DemoShop.Stock.self).available
    }

    /// One try to place an order; a repetition under the same key places none anew.
    /// - Returns: nil when it was not accepted.
    func place(_ order: LoadPlan.Order, key: String) async throws -> UUID? {
        let answer = try await client.post(
            .orders, "/orders", token: customer, idempotencyKey: key,
            body: NewOrder(
                lines: [StockLine(sku: order.sku, quantity: 1)], paymentMethod: order.outcome.paymentMethod))
        guard answer.status == 202 else { return nil }
        return try answer.json(DemoShop.Order.self).orderId
    }

    /// - Returns: false when it was refused.
    func cancel(_ orderID: UUID) async throws -> Bool {
        try await client.post(.orders, DemoShop.path(orderID) + "/cancel", token: customer).status == 200
    }

    /// Returns when the order has ended, or after a while.
    func untilEnd(of orderID: UUID) async throws {
        _ = try await client.get(.orders, DemoShop.path(orderID) + "?wait=30s", token: customer)
    }

    private static func unexpected(_ what: String, _ answer: ServiceClient.Answer) -> CheckFailed {
        CheckFailed("\(what) answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
    }
}
