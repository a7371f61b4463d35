import Composition
import Contracts
import Foundation
import Postgres
import StripeSandbox
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

    /// `POST /orders`, with a key of its own unless one is given.
    func post(
        _ sku: String, quantity: Int = 1, paymentMethod: String? = "pm_card_visa", wait: String? = nil,
        key: String = UUID().uuidString
    ) async throws -> ServiceClient.Answer {
        try await client.post(
            .orders, "/orders" + (wait.map { "?wait=\($0)" } ?? ""), token: customer,
            idempotencyKey: key,
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

    /// Places an order that waits for its customer to pay, and stops payments again: what the customer does at Stripe is
    /// not heard of here. Payments must not be running.
    /// - Returns: the order and its PaymentIntent.
    func placePending(_ sku: String, quantity: Int = 1) async throws -> (order: Order, intent: String) {
        var pending: (order: Order, intent: String)?
        try await withServices([.payments]) {
            let placed = try await place(sku, quantity: quantity, paymentMethod: nil)
            try await untilSaga(placed.orderId, is: "PAYMENT_PENDING")
            if let intent = try intents(of: placed.orderId).first { pending = (placed, intent.id) }
        }
        guard let pending else { throw NoIntent() }
        return pending
    }

    private struct NoIntent: Error {}

    func untilSaga(_ orderID: UUID, is state: String) async throws {
        try await eventually("the saga is \(state)", within: .seconds(60)) {
            try await self.saga(orderID).state == state
        }
    }

    func cancel(_ orderID: UUID) async throws {
        let answer = try await client.post(.orders, DemoShop.path(orderID) + "/cancel", token: customer)
        guard answer.status == 200 else { throw Unexpected(answer: answer) }
    }

    /// An operator ends the hold on an order's stock, as its end would; returns when the order has heard of it.
    func releaseHold(of orderID: UUID) async throws {
        let id = try await texts(
            "select id::text from reservation where order_id = $1::uuid and status = 'active'", orderID, in: .inventory)
        let answer = try await client.post(
            .inventory, "/reservations/\(id.first ?? "")/release", token: operations)
        guard answer.status == 200 else { throw Unexpected(answer: answer) }
        try await eventually("the order has heard of it", within: .seconds(60)) {
            try await self.count(
                """
                select count(*) from saga s join saga_history h on h.saga_id = s.id
                where s.order_id = $1::uuid and h.event = 'inventory.released.v1 (expired)'
                """, orderID, in: .orders) == 1
        }
    }

    /// Lets the deadline pass that the order's saga waits for, once it is this one: `stock` or `payment`.
    func passDeadline(_ deadline: String, of orderID: UUID) async throws {
        try await eventually("the saga waits for its \(deadline)", within: .seconds(60)) {
            try await self.texts(
                """
                with passed as (
                    update saga set deadline = now()
                    where order_id = $1::uuid and data->>'deadline' = $2::text
                    returning id
                )
                update scheduled_job j set run_at = now()
                from passed where j.kind = 'saga.deadline' and j.unique_key = passed.id::text
                returning j.unique_key
                """, orderID, deadline, in: .orders
            ).count == 1
        }
    }

    /// Lets the hold on an order's stock run out, once there is one.
    func passHold(of orderID: UUID) async throws {
        try await eventually("the stock is held", within: .seconds(60)) {
            try await self.texts(
                """
                with passed as (
                    update reservation set expires_at = now()
                    where order_id = $1::uuid and status = 'active'
                    returning id
                )
                update scheduled_job j set run_at = now()
                from passed where j.kind = 'reservation.expire' and split_part(j.unique_key, '/', 1) = passed.id::text
                returning j.unique_key
                """, orderID, in: .inventory
            ).count == 1
        }
    }

    private struct Adjustment: Encodable, Sendable {
        let delta: Int
        let reason = "test"
    }

    /// An operator puts pieces on the shelf, or takes them off.
    func adjust(_ sku: String, by delta: Int) async throws {
        let answer = try await client.post(
            .inventory, "/products/\(sku)/stock/adjustments", token: operations, idempotencyKey: UUID().uuidString,
            body: Adjustment(delta: delta))
        guard answer.status == 201 else { throw Unexpected(answer: answer) }
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
