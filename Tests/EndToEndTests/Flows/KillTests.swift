import Composition
import Foundation
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// Each service and the relay as a process of its own, killed in turn while orders are under way.
    @Suite struct KillTests {
        @Test func everyOrderEndsWhicheverProcessIsKilled() async throws {
            // What a killed process had fetched comes again after the consumers' ack_wait: deadlines have to be longer.
            try await Marketplace.run(hosting: [], settings: ["SAGA_STOCK_DEADLINE": "120s"]) { market in
                let names = ["inventory", "payments", "relay", "orders"]
                var processes: [String: CommandProcess] = [:]
                for name in names { processes[name] = try market.start(name) }
                try await market.untilServing()
                try await market.untilOrdersCanBePlaced()

                var orders: [(id: UUID, isDeclined: Bool)] = []
                for name in names {
                    for number in 0..<8 {
                        let isDeclined = number % 4 == 3
                        let method = isDeclined ? "pm_card_chargeDeclined" : "pm_card_visa"
                        let placed = try await market.place("CUE-UBRIQUE-CARTERA", paymentMethod: method)
                        orders.append((placed.orderId, isDeclined))
                    }
                    // Some of them have ended, some are on their way, some have just been accepted.
                    let process = try #require(processes[name])
                    try await process.killHard()
                    processes[name] = try market.start(name)
                }
                try await market.untilServing()
                for order in orders {
                    let ended = try await market.settled(order.id, within: .seconds(90))
                    #expect(ended.status == (order.isDeclined ? "CANCELLED" : "CONFIRMED"))
                    #expect(try market.intents(of: order.id).count == 1)
                }
                try await eventually("no stock is held any more", within: .seconds(60)) {
                    try await market.stock("CUE-UBRIQUE-CARTERA").reserved == 0
                }
                let stock = try await market.stock("CUE-UBRIQUE-CARTERA")
                #expect(stock == (50 - 24, 0))
                try await market.expectNothingAmiss()
                for process in processes.values { try await process.stop() }
            }
        }
    }
}
