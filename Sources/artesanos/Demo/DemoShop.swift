import Composition
import Contracts
import Foundation
import StripeSandbox

/// What the demo does at the shop: as a customer, as an operator, and as the customer's bank.
struct DemoShop: Sendable {
    struct Order: Decodable, Sendable {
        let orderId: UUID
        let status: String
        let reason: String?
    }

    struct Stock: Decodable, Sendable, Equatable {
        let onHand: Int
        let reserved: Int
        let available: Int
    }

    private struct NewOrder: Encodable, Sendable {
        let lines: [StockLine]
        let paymentMethod: String?
    }

    private struct Adjustment: Encodable, Sendable {
        let delta: Int
        let reason: String
    }

    private struct Outcome: Encodable, Sendable {
        let outcome: String
    }

    let client: ServiceClient
    let customer: String
    let operations: String
    /// Nil when payments talk to Stripe itself.
    let sandbox: String?

    /// Places an order and returns as soon as it is accepted.
    func place(_ flow: DemoFlow) async throws -> UUID {
        let answer = try await client.post(
            .orders, "/orders", token: customer, idempotencyKey: UUID().uuidString,
            body: NewOrder(
                lines: [StockLine(sku: flow.sku, quantity: flow.quantity)], paymentMethod: flow.paymentMethod))
        guard answer.status == 202 else { throw Self.unexpected("POST /orders", answer) }
        return try answer.json(Order.self).orderId
    }

    func cancel(_ orderID: UUID) async throws {
        let answer = try await client.post(.orders, Self.path(orderID) + "/cancel", token: customer)
        guard answer.status == 200 else { throw Self.unexpected("POST /orders/{id}/cancel", answer) }
    }

    func order(_ orderID: UUID) async throws -> Order {
        let answer = try await client.get(.orders, Self.path(orderID), token: customer)
        guard answer.status == 200 else { throw Self.unexpected("GET /orders/{id}", answer) }
        return try answer.json(Order.self)
    }

    func stock(_ sku: String) async throws -> Stock {
        let answer = try await client.get(.inventory, "/products/\(sku)/stock", token: operations)
        guard answer.status == 200 else { throw Self.unexpected("GET /products/{sku}/stock", answer) }
        return try answer.json(Stock.self)
    }

    /// Puts pieces on the shelf, as earlier demos may have sold them.
    func restock(_ sku: String, by delta: Int) async throws {
        let answer = try await client.post(
            .inventory, "/products/\(sku)/stock/adjustments", token: operations, idempotencyKey: UUID().uuidString,
            body: Adjustment(delta: delta, reason: "demo: sold out"))
        guard answer.status == 201 else { throw Self.unexpected("POST /products/{sku}/stock/adjustments", answer) }
    }

    /// All PaymentIntents that were ever made for an order; nil when payments talk to Stripe itself.
    func intents(of orderID: UUID) async throws -> [SandboxSnapshot.PaymentIntent]? {
        guard let sandbox else { return nil }
        let snapshot = try await client.sandboxState(of: sandbox)
        let id = orderID.uuidString.lowercased()
        return snapshot.paymentIntents.filter { $0.metadata["order_id"]?.lowercased() == id }
    }

    /// The customer does what the bank asks for.
    /// - Returns: false while the bank has not asked yet.
    func authenticate(_ orderID: UUID) async throws -> Bool {
        guard let sandbox,
            let intent = try await intents(of: orderID)?.first(where: { $0.status == "requires_action" })
        else { return false }
        let answer = try await client.post(
            "\(sandbox)/_sandbox/payment_intents/\(intent.id)/complete_action", body: Outcome(outcome: "succeed"))
        guard answer.status == 200 else { throw Self.unexpected("complete_action", answer) }
        return true
    }

    static func path(_ orderID: UUID) -> String { "/orders/\(orderID.uuidString.lowercased())" }

    private static func unexpected(_ what: String, _ answer: ServiceClient.Answer) -> CheckFailed {
        CheckFailed("\(what) answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
    }
}
