import Composition
import Contracts
import Foundation
import JetStream
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

        /// Orders is down while the others do their part, and hears nothing of it when it is back: it fails the order for
        /// its stock's deadline. The customer has paid by then.
        @Test func anOrderThatHasFailedIsConfirmedAfterAll() async throws {
            try await Marketplace.run(hosting: [], settings: ["SAGA_STOCK_DEADLINE": "15s"]) { market in
                var order: Marketplace.Order?
                try await market.withServices([.orders], relaying: ServiceName.allCases) {
                    try await market.untilOrdersCanBePlaced()
                    order = try await market.place("CER-BAILEN-ORZA", paymentMethod: nil)
                }
                let id = try #require(order).orderId
                try await market.withServices([.inventory, .payments], relaying: ServiceName.allCases) {
                    try await eventually("its PaymentIntent is there", within: .seconds(30)) {
                        try await market.rows(of: id).paymentStatus == "pending"
                    }
                }
                let intent = try #require(try market.intents(of: id).first)
                try market.sandbox.pay(intent.id)

                for consumer in ["inventory", "payments"] {
                    try await market.jetStream.deleteConsumer(stream: consumer, "orders-\(consumer)")
                }
                try await market.withServices([.orders], relaying: ServiceName.allCases) {
                    try await eventually("the order has failed", within: .seconds(60)) {
                        try await market.order(id).status == "FAILED"
                    }
                }
                #expect(try await market.rows(of: id).orderReason == "stock_timeout")
                try await market.applyStreams()
                try await market.withServices(ServiceName.allCases, relaying: ServiceName.allCases) {
                    let ended = try await market.settled(id)
                    #expect(ended.status == "CONFIRMED")
                    try await eventually("the stock is committed") {
                        try await market.rows(of: id).reservations.last == "committed"
                    }
                    let stock = try await market.stock("CER-BAILEN-ORZA")
                    #expect(stock == (29, 0))
                    #expect(try market.sandbox.snapshot().refunds.isEmpty)
                    let told = try await market.events(of: id).filter { $0.stream == "orders" }.map(\.type)
                    #expect(
                        told == [
                            EventType.orderCreated, EventType.orderFailed, EventType.orderLatePayment,
                            EventType.orderConfirmed,
                        ])
                    try await market.expectNothingAmiss()
                }
            }
        }
    }
}
