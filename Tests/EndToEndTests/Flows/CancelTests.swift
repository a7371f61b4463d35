import Composition
import Contracts
import Foundation
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// The customer changes their mind, wherever the order is.
    @Suite struct CancelTests {
        @Test func beforeInventoryAnswers() async throws {
            try await Marketplace.run(hosting: [.orders, .payments]) { market in
                let placed = try await market.place("OLI-TABLA-45", quantity: 2)
                #expect(placed.sagaState == "STARTED")
                try await market.cancel(placed.orderId)
                try await market.withServices([.inventory]) {
                    try await Self.expectCancelled(placed, "OLI-TABLA-45", in: market)
                    #expect(try market.intents(of: placed.orderId).isEmpty)
                }
            }
        }

        @Test func withItsStockHeldBeforeThePaymentBegins() async throws {
            try await Marketplace.run(hosting: [.orders, .inventory]) { market in
                let placed = try await market.place("OLI-TABLA-45", quantity: 2)
                try await market.untilSaga(placed.orderId, is: "STOCK_RESERVED")
                try await market.cancel(placed.orderId)
                try await market.withServices([.payments]) {
                    try await Self.expectCancelled(placed, "OLI-TABLA-45", in: market)
                    let id = placed.orderId.uuidString.lowercased()
                    #expect(try market.sandbox.snapshot().netCharged(metadata: "order_id", id) == 0)
                }
            }
        }

        @Test func whileThePaymentIsAwaited() async throws {
            try await Marketplace.run { market in
                let placed = try await market.place("OLI-TABLA-45", quantity: 2, paymentMethod: nil)
                try await market.untilSaga(placed.orderId, is: "PAYMENT_PENDING")
                try await market.cancel(placed.orderId)
                try await Self.expectCancelled(placed, "OLI-TABLA-45", in: market)
                // Nobody can pay for it any more.
                #expect(try market.intents(of: placed.orderId).map(\.status) == ["canceled"])
            }
        }

        @Test func afterItWasPaidAndBeforeAnybodyHereKnowsIt() async throws {
            try await Marketplace.run(hosting: [.orders, .inventory]) { market in
                let placed = try await market.placePending("OLI-TABLA-45", quantity: 2)
                try market.sandbox.pay(placed.intent)
                try await market.cancel(placed.order.orderId)
                try await market.withServices([.payments]) {
                    try await Self.expectCancelled(placed.order, "OLI-TABLA-45", in: market)
                    // Given back once, as a whole.
                    let refunds = try market.sandbox.snapshot().refunds
                    #expect(refunds.map(\.amount) == [2 * 2990])
                    let id = placed.order.orderId.uuidString.lowercased()
                    #expect(try market.sandbox.snapshot().netCharged(metadata: "order_id", id) == 0)
                    let events = try await market.events(of: placed.order.orderId)
                    #expect(events.filter { $0.type == EventType.paymentRefunded }.count == 1)
                }
            }
        }

        private static func expectCancelled(
            _ placed: Marketplace.Order, _ sku: String, in market: Marketplace,
            _ location: SourceLocation = #_sourceLocation
        ) async throws {
            let order = try await market.settled(placed.orderId)
            #expect(order.status == "CANCELLED", sourceLocation: location)
            #expect(order.reason == "customer_request", sourceLocation: location)
            let stock = try await market.stock(sku)
            #expect(stock == (60, 0), sourceLocation: location)
            try await market.expectNothingAmiss(location)
        }
    }
}
