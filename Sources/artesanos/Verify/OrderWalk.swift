import Composition
import Foundation
import Postgres

/// Walks all orders, payments and reservations side by side, in the order of their order's id.
struct OrderWalk: Sendable {
    let system: SystemView
    /// Orders read at a time.
    var pageSize = 1_000

    private static let lowest = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    private static let highest = UUID(
        uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))

    /// Neighbours by their order's id.
    struct Page: Sendable {
        let accounts: [OrderAccount]
        /// Their ids are behind this one …
        fileprivate let after: UUID
        /// … and up to this one.
        fileprivate let upTo: UUID
    }

    /// Shows all orders to `body`, also those of which only another service knows.
    func run(_ body: (Page) async throws -> Void) async throws {
        var after = Self.lowest
        while true {
            let orders = try await orders(after: after, upTo: Self.highest, limit: pageSize)
            // A page that is not full is the last one: what is behind it belongs to no order.
            let upTo = orders.count < pageSize ? Self.highest : orders.last?.id ?? Self.highest
            let accounts = try await adding(to: orders, after: after, upTo: upTo)
            try await body(Page(accounts: accounts, after: after, upTo: upTo))
            guard upTo != Self.highest else { return }
            after = upTo
        }
    }

    /// The same orders as they are now.
    func read(again page: Page) async throws -> [OrderAccount] {
        let orders = try await orders(after: page.after, upTo: page.upTo, limit: nil)
        return try await adding(to: orders, after: page.after, upTo: page.upTo)
    }

    /// - Parameter limit: nil: all of them.
    private func orders(after: UUID, upTo: UUID, limit: Int?) async throws -> [OrderAccount] {
        let rows = try await system.pool(.orders).query(VerifySQL.orders, after, upTo, limit.map { Int64($0) })
        return try rows.map { row in
            let (id, status, total, currency, isSettled, skus, quantities) = try row.decode(
                UUID.self, String.self, Int64.self, String.self, Bool.self, [String].self, [Int64].self)
            return OrderAccount(
                id: id,
                order: OrderAccount.Order(
                    status: status, totalMinor: total, currency: currency, isSettled: isSettled,
                    lines: Self.lines(skus, quantities)))
        }
    }

    /// The orders with what the other services have of them.
    private func adding(to orders: [OrderAccount], after: UUID, upTo: UUID) async throws -> [OrderAccount] {
        var accounts = Dictionary(uniqueKeysWithValues: orders.map { ($0.id, $0) })
        try await addPayments(&accounts, after: after, upTo: upTo)
        try await addReservations(&accounts, after: after, upTo: upTo)
        return accounts.values.sorted { $0.id < $1.id }
    }

    private func addPayments(_ accounts: inout [UUID: OrderAccount], after: UUID, upTo: UUID) async throws {
        for row in try await system.pool(.payments).query(VerifySQL.payments, after, upTo) {
            let (id, status, amount, currency, received, refunded, orderRefunds, intents) = try row.decode(
                UUID.self, String.self, Int64?.self, String?.self, Int64.self, Int64.self, Int64.self, Int64.self)
            accounts[id, default: OrderAccount(id: id)].payment = OrderAccount.Payment(
                status: status, amountMinor: amount, currency: currency, receivedMinor: received,
                refundedMinor: refunded, orderRefunds: orderRefunds, intents: intents)
        }
    }

    private func addReservations(_ accounts: inout [UUID: OrderAccount], after: UUID, upTo: UUID) async throws {
        for row in try await system.pool(.inventory).query(VerifySQL.reservations, after, upTo) {
            let (order, id, status, skus, quantities) = try row.decode(
                UUID.self, UUID.self, String.self, [String].self, [Int64].self)
            accounts[order, default: OrderAccount(id: order)].reservations.append(
                OrderAccount.Reservation(id: id, status: status, lines: Self.lines(skus, quantities)))
        }
    }

    private static func lines(_ skus: [String], _ quantities: [Int64]) -> [String: Int64] {
        Dictionary(zip(skus, quantities), uniquingKeysWith: +)
    }
}
