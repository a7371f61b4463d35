import Composition
import Contracts
import Foundation
import Postgres
import TestSupport

@testable import artesanos

extension Marketplace {
    /// An order as `GET /orders/{id}` shows it.
    struct Order: Decodable, Sendable {
        let orderId: UUID
        let sagaId: UUID
        let status: String
        let sagaState: String
        let reason: String?
        let total: Money
    }

    /// A saga as `GET /orders/{id}/saga` shows it to operators.
    struct SagaState: Decodable, Sendable {
        let sagaId: UUID
        let state: String
        let settled: Bool
    }

    private struct NewOrder: Encodable, Sendable {
        let lines: [StockLine]
        let paymentMethod: String?
    }

    /// `POST /orders`, with a key of its own.
    func post(
        _ sku: String, quantity: Int = 1, paymentMethod: String? = "pm_card_visa", wait: String? = nil
    ) async throws -> ServiceClient.Answer {
        try await client.post(
            .orders, "/orders" + (wait.map { "?wait=\($0)" } ?? ""), token: customer,
            idempotencyKey: UUID().uuidString,
            body: NewOrder(lines: [StockLine(sku: sku, quantity: quantity)], paymentMethod: paymentMethod))
    }

    /// Places an order.
    /// - Throws: `Unexpected` unless it is accepted.
    func place(
        _ sku: String, quantity: Int = 1, paymentMethod: String? = "pm_card_visa"
    ) async throws -> Order {
        let answer = try await post(sku, quantity: quantity, paymentMethod: paymentMethod)
        guard answer.status == 202 else { throw Unexpected(answer: answer) }
        return try answer.json(Order.self)
    }

    func order(_ id: UUID) async throws -> Order {
        let answer = try await client.get(.orders, DemoShop.path(id), token: customer)
        guard answer.status == 200 else { throw Unexpected(answer: answer) }
        return try answer.json(Order.self)
    }

    func saga(_ id: UUID) async throws -> SagaState {
        let answer = try await client.get(.orders, DemoShop.path(id) + "/saga", token: operations)
        guard answer.status == 200 else { throw Unexpected(answer: answer) }
        return try answer.json(SagaState.self)
    }

    /// Waits until the order's saga is settled: ended, and every undo confirmed.
    @discardableResult
    func settled(_ id: UUID, within limit: Duration = .seconds(60)) async throws -> Order {
        try await eventually("the saga of \(id) is settled", within: limit) { try await self.saga(id).settled }
        return try await order(id)
    }

    struct Unexpected: Error, CustomStringConvertible {
        let answer: ServiceClient.Answer

        var description: String { "answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))" }
    }
}
