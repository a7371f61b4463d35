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
                    try await eventually("the stock is committed", within: .seconds(30)) {
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

        /// Inventory is asked once more and is away; what it reserves when it is back is released again.
        @Test func theMoneyIsGivenBackOnceWhenInventoryDoesNotAnswerInTime() async throws {
            try await Marketplace.run(hosting: [.orders]) { market in
                var pending: (order: Marketplace.Order, intent: String)?
                try await market.withServices([.inventory]) {
                    pending = try await market.placePending("CER-BAILEN-ORZA")
                    if let pending { try await market.releaseHold(of: pending.order.orderId) }
                }
                let placed = try #require(pending)
                let id = placed.order.orderId
                try market.sandbox.pay(placed.intent)
                try await market.withServices([.payments]) {
                    try await market.passDeadline("rescue", of: id)
                    try await eventually("the money is given back", within: .seconds(60)) {
                        try market.sandbox.snapshot().refunds.count == 1
                    }
                    #expect(try await market.order(id).status == "FAILED")
                    #expect(try await market.saga(id).settled == false)
                    try await market.withServices([.inventory]) {
                        let ended = try await market.settled(id)
                        #expect(ended.status == "FAILED")
                        let snapshot = try market.sandbox.snapshot()
                        #expect(snapshot.refunds.count == 1)
                        #expect(snapshot.netCharged(metadata: "order_id", id.uuidString.lowercased()) == 0)
                        try await eventually("nothing is held", within: .seconds(60)) {
                            try await market.stock("CER-BAILEN-ORZA") == (30, 0)
                        }
                        try await market.expectNothingAmiss()
                    }
                }
            }
        }

        @Test func anOrderThatHasFailedIsConfirmedAfterAll() async throws {
            try await Marketplace.run(hosting: []) { market in
                let id = try await Self.paidAndFailed("CER-BAILEN-ORZA", in: market)
                try await market.applyStreams()
                try await market.withServices(ServiceName.allCases, relaying: ServiceName.allCases) {
                    let ended = try await market.settled(id)
                    #expect(ended.status == "CONFIRMED")
                    try await eventually("the stock is committed", within: .seconds(30)) {
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

        @Test func anOrderThatHasFailedGivesTheMoneyBackOnceWhenItsStockIsGone() async throws {
            try await Marketplace.run(hosting: []) { market in
                let id = try await Self.paidAndFailed("FIL-CORDOBA-PEND", in: market)
                try await market.withServices([.inventory], relaying: ServiceName.allCases) {
                    try await eventually("its stock is released", within: .seconds(60)) {
                        try await market.rows(of: id).reservations == ["released"]
                    }
                    try await market.adjust("FIL-CORDOBA-PEND", by: -1)
                }
                try await market.applyStreams()
                try await market.withServices(ServiceName.allCases, relaying: ServiceName.allCases) {
                    let ended = try await market.settled(id)
                    #expect(ended.status == "FAILED" && ended.reason == "stock_timeout")
                    let snapshot = try market.sandbox.snapshot()
                    #expect(snapshot.refunds.map(\.amount) == [8900])
                    #expect(snapshot.netCharged(metadata: "order_id", id.uuidString.lowercased()) == 0)
                    #expect(try await market.rows(of: id).reservations == ["released"])
                    let stock = try await market.stock("FIL-CORDOBA-PEND")
                    #expect(stock == (0, 0))
                    let told = try await market.events(of: id)
                    #expect(told.filter { $0.type == EventType.paymentRefunded }.count == 1)
                    #expect(!told.contains { $0.type == EventType.orderConfirmed })
                    try await market.expectNothingAmiss()
                }
            }
        }

        /// The third decline ends the order; the customer has another card before the PaymentIntent can be cancelled.
        @Test func anOrderWhosePaymentWasDeclinedForGoodIsConfirmedWhenItIsPaidAllTheSame() async throws {
            try await Marketplace.run { market in
                try market.sandbox.setFaults([
                    SandboxFault(.serverErrorBefore, target: "payment_intents.cancel", status: 502, isRemembered: false)
                ])
                let id = try await market.place("CER-BAILEN-ORZA", paymentMethod: nil).orderId
                try await market.untilSaga(id, is: "PAYMENT_PENDING")
                let intent = try #require(try market.intents(of: id).first).id
                for _ in 0..<3 { try market.sandbox.pay(intent, with: "pm_card_chargeDeclined") }
                try await market.untilSaga(id, is: "PAYMENT_FAILED")
                #expect(try await market.rows(of: id).orderReason == "payment_declined")

                try market.sandbox.pay(intent)
                try await market.untilSaga(id, is: "COMPLETED")
                let ended = try await market.settled(id)
                #expect(ended.status == "CONFIRMED")
                try await eventually("the stock is committed", within: .seconds(60)) {
                    try await market.rows(of: id).reservations.last == "committed"
                }
                #expect(try market.intents(of: id).map(\.status) == ["succeeded"])
                #expect(try market.sandbox.snapshot().refunds.isEmpty)
                let stock = try await market.stock("CER-BAILEN-ORZA")
                #expect(stock == (29, 0))
                try market.sandbox.setFaults([])
                try await market.expectNothingAmiss()
            }
        }

        /// Orders is down while the others do their part, and hears nothing of it when it is back: it fails the order for
        /// its stock's deadline. The customer has paid by then, and nobody here knows it.
        private static func paidAndFailed(_ sku: String, in market: Marketplace) async throws -> UUID {
            var order: Marketplace.Order?
            try await market.withServices([.orders], relaying: ServiceName.allCases) {
                try await market.untilOrdersCanBePlaced()
                order = try await market.place(sku, paymentMethod: nil)
            }
            let id = try #require(order).orderId
            try await market.withServices([.inventory, .payments], relaying: ServiceName.allCases) {
                try await eventually("its PaymentIntent is there", within: .seconds(60)) {
                    try await market.rows(of: id).paymentStatus == "pending"
                }
            }
            let intent = try #require(try market.intents(of: id).first)
            try market.sandbox.pay(intent.id)

            for consumer in ["inventory", "payments"] {
                try await market.jetStream.deleteConsumer(stream: consumer, "orders-\(consumer)")
            }
            try await market.passDeadline("stock", of: id)
            try await market.withServices([.orders], relaying: ServiceName.allCases) {
                try await eventually("the order has failed", within: .seconds(60)) {
                    try await market.order(id).status == "FAILED"
                }
            }
            #expect(try await market.rows(of: id).orderReason == "stock_timeout")
            return id
        }
    }
}
