import Contracts
import Foundation
import StripeSandbox

@testable import Inventory
@testable import Orders

/// What one run is about: who orders what, what there is, and how long everybody waits.
struct Scenario: Sendable {
    /// An order that somebody will place.
    struct Basket: Sendable {
        let id: UUID
        let saga: UUID
        let lines: [StockLine]
        /// Stripe's method that the server confirms with; nil when the customer pays.
        let method: String?
        /// Sagas of the version before are still about.
        let version: Int

        var order: PlacedOrder {
            PlacedOrder(
                customerID: "ana", total: Money(amount: total, currency: "EUR"), paymentMethod: method,
                lines: lines.map {
                    OrderLine(sku: $0.sku, quantity: $0.quantity, unitPrice: Money(amount: 1_000, currency: "EUR"))
                })
        }

        var total: Int64 { lines.reduce(0) { $0 + Int64($1.quantity) * 1_000 } }
    }

    let baskets: [Basket]
    let shelf: [ShelfItem]
    let hold: HoldPolicy
    let saga: OrdersConfiguration
    /// Of a hundred waits, so many last until something is due by itself.
    let patience: Int
    /// Of a hundred pieces of work, so many are lost because a process dies before its COMMIT.
    let frailty: Int
    /// Of a hundred customers whose order is confirmed, so many cancel it at once.
    let regret: Int

    init(_ random: inout SeededGenerator) {
        let shelf = ["BOWL", "VASE"].map { sku in
            ShelfItem(
                sku: sku, artisanID: "ana", isActive: true, ttl: nil, onHand: .random(in: 0...4, using: &random),
                reserved: 0, lowStockThreshold: 0, isLowStockAlerted: false)
        }
        self.shelf = shelf
        baskets = (0..<Int.random(in: 1...3, using: &random)).map { index in
            let skus = random.chance(30) ? shelf.map(\.sku) : [random.pick(shelf).sku]
            return Basket(
                id: UUID.simulated(1, index), saga: UUID.simulated(2, index),
                lines: skus.map { StockLine(sku: $0, quantity: .random(in: 1...2, using: &random)) },
                method: random.chance(40) ? random.pick(StripeModel.serverMethods) : nil,
                version: random.chance(20) ? 1 : OrderSaga.version)
        }
        let ttl = random.pick([45, 90, 120, 300, 900])
        hold = HoldPolicy(ttl: .seconds(ttl), maxHold: .seconds(random.chance(20) ? ttl : max(ttl, 3_600)))
        saga = OrdersConfiguration(
            maxExtensions: .random(in: 0...3, using: &random), totalDeadline: .seconds(random.pick([20, 400, 7_200])))
        patience = random.pick([10, 40, 80])
        frailty = random.pick([2, 6, 20])
        regret = random.pick([0, 20, 60])
    }
}

extension SeededGenerator {
    /// True so many times in a hundred.
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// One of them; there has to be one.
    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &self)] }
}

extension UUID {
    /// The same in every run.
    static func simulated(_ kind: UInt8, _ number: Int) -> UUID {
        let (high, low) = (UInt8(clamping: number >> 8), UInt8(truncatingIfNeeded: number))
        return UUID(uuid: (kind, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, high, low))
    }
}
