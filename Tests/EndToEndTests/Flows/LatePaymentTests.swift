import Composition
import Contracts
import Foundation
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// The customer has paid at Stripe, and the hold on the stock had ended before anybody here knew it.
    @Suite struct LatePaymentTests {
        @Test func theStockIsTakenAgainAndTheOrderConfirmed() async throws {
            try await Marketplace.run(hosting: [.orders, .inventory]) { market in
                let placed = try await market.placePending("CER-BAILEN-ORZA")
                try market.sandbox.pay(placed.intent)
                try await market.releaseHold(of: placed.order.orderId)

                try await market.withServices([.payments]) {
                    let order = try await market.settled(placed.order.orderId)
                    #expect(order.status == "CONFIRMED")
                    try await eventually("the stock is committed") {
                        try await market.rows(of: order.orderId).reservations.last == "committed"
                    }
                    #expect(try await market.rows(of: order.orderId).reservations.count == 2)
                    let stock = try await market.stock("CER-BAILEN-ORZA")
                    #expect(stock == (29, 0))
                    let events = try await market.events(of: order.orderId)
                    #expect(
                        events.filter { $0.stream == "orders" }.map(\.type) == [
                            EventType.orderCreated, EventType.orderPaymentOverdue, EventType.orderLatePayment,
                            EventType.orderConfirmed,
                        ])
                    #expect(try market.sandbox.snapshot().refunds.isEmpty)
                    try await market.expectNothingAmiss()
                }
            }
        }

        @Test func theMoneyIsGivenBackOnceWhenTheStockIsGone() async throws {
            try await Marketplace.run(hosting: [.orders, .inventory]) { market in
                let placed = try await market.placePending("FIL-CORDOBA-PEND")
                try market.sandbox.pay(placed.intent)
                try await market.releaseHold(of: placed.order.orderId)
                try await market.adjust("FIL-CORDOBA-PEND", by: -1)

                try await market.withServices([.payments]) {
                    let order = try await market.settled(placed.order.orderId)
                    #expect(order.status == "FAILED")
                    let snapshot = try market.sandbox.snapshot()
                    #expect(snapshot.refunds.map(\.amount) == [8900])
                    let id = order.orderId.uuidString.lowercased()
                    #expect(snapshot.netCharged(metadata: "order_id", id) == 0)
                    let stock = try await market.stock("FIL-CORDOBA-PEND")
                    #expect(stock == (0, 0))
                    let events = try await market.events(of: order.orderId)
                    #expect(events.filter { $0.type == EventType.orderConfirmed }.isEmpty)
                    #expect(events.filter { $0.type == EventType.paymentRefunded }.count == 1)
                    try await market.expectNothingAmiss()
                }
            }
        }
    }
}
