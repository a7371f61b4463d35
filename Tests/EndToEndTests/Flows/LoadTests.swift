import Composition
import Contracts
import Foundation
import StripeSandbox
import Postgres
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    @Suite struct LoadTests {
        @Test func aHundredConcurrentOrdersAllEndAndNoPieceIsSoldTwice() async throws {
            try await Marketplace.run { market in
                // Eight lanterns for twenty customers; enough of the others.
                let skus =
                    Array(repeating: "FOR-FAROL-UBEDA", count: 20) + Array(repeating: "CUE-UBRIQUE-CARTERA", count: 40)
                    + Array(repeating: "OLI-TABLA-45", count: 40)
                let orders = try await withThrowingTaskGroup(of: (String, UUID).self) { group in
                    for sku in skus { group.addTask { (sku, try await market.place(sku).orderId) } }
                    return try await group.reduce(into: [(String, UUID)]()) { $0.append($1) }
                }
                var confirmed: [String: Int] = [:]
                for (sku, id) in orders {
                    let order = try await market.settled(id, within: .seconds(120))
                    if order.status == "CONFIRMED" {
                        confirmed[sku, default: 0] += 1
                    } else {
                        #expect(order.reason == "out_of_stock")
                    }
                }
                #expect(
                    confirmed == ["FOR-FAROL-UBEDA": 8, "CUE-UBRIQUE-CARTERA": 40, "OLI-TABLA-45": 40])
                try await eventually("all stock is committed", within: .seconds(60)) {
                    try await market.count("select count(*) from stock where reserved > 0", in: .inventory) == 0
                }
                let lanterns = try await market.stock("FOR-FAROL-UBEDA")
                #expect(lanterns.onHand == 0)
                let snapshot = try market.sandbox.snapshot()
                #expect(snapshot.paymentIntents.filter { $0.status == "succeeded" }.count == 88)
                let confirmations = try await market.events(of: .orders).filter { $0.type == EventType.orderConfirmed }
                #expect(Set(confirmations.map(\.orderID)).count == 88)
                #expect(confirmations.count == 88)
                try await market.expectNothingAmiss()
            }
        }
    }
}
