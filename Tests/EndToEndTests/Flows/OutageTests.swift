import Composition
import Contracts
import Foundation
import StripeSandbox
import Postgres
import LocalServers
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// Orders go on whatever stops in between.
    @Suite struct OutageTests {
        @Test func ordersPlacedWhileNATSIsAwayAllEndWell() async throws {
            try await Marketplace.run { market in
                let first = try await market.place("OLI-TABLA-45")
                await market.nats.kill()
                var orders = [first]
                for _ in 0..<10 { orders.append(try await market.place("ESP-CAPACHO-32")) }
                try await market.nats.restart()

                for placed in orders {
                    let order = try await market.settled(placed.orderId)
                    #expect(order.status == "CONFIRMED")
                    #expect(try market.intents(of: order.orderId).map(\.status) == ["succeeded"])
                }
                try await eventually("all stock is committed", within: .seconds(30)) {
                    try await market.count(
                        "select count(*) from reservation where status <> 'committed'", in: .inventory) == 0
                }
                let stock = try await market.stock("ESP-CAPACHO-32")
                #expect(stock.onHand == 30)
                #expect(stock.reserved == 0)
                let created = try await market.events(of: .orders).filter { $0.type == EventType.orderCreated }
                #expect(created.map(\.orderID) == orders.map { $0.orderId })
                try await market.expectNothingAmiss()
            }
        }

        @Test func ordersOfAKilledProcessAllEndAfterItsRestart() async throws {
            try await Marketplace.run(hosting: []) { market in
                var process = try market.serveInProcess()
                try await market.untilServing()
                try await market.untilOrdersCanBePlaced()
                var orders: [UUID] = []
                // Some are done, some are on their way, some have just been accepted when it dies.
                for index in 0..<20 {
                    // What is accepted from here on goes no further, however late the process is killed.
                    if index == 16 { market.nats.pause() }
                    let method = index % 4 == 3 ? "pm_card_chargeDeclined" : "pm_card_visa"
                    orders.append(try await market.place("CUE-UBRIQUE-CARTERA", paymentMethod: method).orderId)
                }
                try await process.killHard()
                let open = try await market.count("select count(*) from saga where settled_at is null", in: .orders)
                #expect(open > 0, "everything had ended before the process was killed")
                market.nats.resume()

                process = try market.serveInProcess()
                try await market.untilServing()
                for (index, id) in orders.enumerated() {
                    let order = try await market.settled(id, within: .seconds(90))
                    #expect(order.status == (index % 4 == 3 ? "CANCELLED" : "CONFIRMED"))
                    // A call that was cut off is made again as the same call: never a second PaymentIntent.
                    #expect(try market.intents(of: id).count == 1)
                }
                try await eventually("no stock is held any more", within: .seconds(30)) {
                    try await market.stock("CUE-UBRIQUE-CARTERA").reserved == 0
                }
                #expect(try await market.stock("CUE-UBRIQUE-CARTERA").onHand == 50 - 15)
                try await market.expectNothingAmiss()
                try await process.stop()
            }
        }
    }
}
