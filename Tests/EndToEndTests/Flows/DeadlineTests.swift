import Composition
import Contracts
import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// What happens when somebody does not answer in time.
    @Suite struct DeadlineTests {
        @Test func anOrderFailsWhenInventoryIsAwayAndNothingStaysHeldWhenItComesBack() async throws {
            try await Marketplace.run(hosting: [.orders, .payments], settings: ["SAGA_STOCK_DEADLINE": "1s"]) {
                market in
                let before = try await market.stock("OLI-TABLA-45")
                let placed = try await market.place("OLI-TABLA-45", quantity: 3)
                try await eventually("the order has failed", within: .seconds(60)) {
                    try await market.order(placed.orderId).status == "FAILED"
                }
                #expect(try await market.order(placed.orderId).reason == "stock_timeout")
                #expect(try await market.saga(placed.orderId).settled == false)

                try await market.withServices([.inventory]) {
                    let order = try await market.settled(placed.orderId)
                    #expect(order.status == "FAILED")
                    let rows = try await market.rows(of: order.orderId)
                    #expect(rows.sagaState == "STOCK_FAILED")
                    #expect(rows.reservations.contains("active") == false)
                    #expect(rows.reservations.contains("committed") == false)
                    #expect(rows.paymentStatus == "cancelled")
                    let after = try await market.stock("OLI-TABLA-45")
                    #expect(after == before)
                    #expect(try market.intents(of: order.orderId).isEmpty)

                    let events = try await market.events(of: order.orderId)
                    #expect(events.allSatisfy { $0.sagaID == order.sagaId })
                    #expect(
                        events.filter { $0.stream == "orders" }.map(\.type) == [
                            EventType.orderCreated, EventType.orderFailed,
                        ])
                    #expect(events.filter { $0.stream == "inventory" }.last?.type == EventType.inventoryReleased)
                    try await market.expectNothingAmiss()
                }
            }
        }

        @Test func anOrderThatTakesTooLongInAllFails() async throws {
            try await Marketplace.run(hosting: [.orders, .payments], settings: ["SAGA_TOTAL_DEADLINE": "1s"]) {
                market in
                let before = try await market.stock("OLI-TABLA-45")
                let placed = try await market.place("OLI-TABLA-45")
                try await eventually("the order has failed", within: .seconds(60)) {
                    try await market.order(placed.orderId).status == "FAILED"
                }
                try await market.withServices([.inventory]) {
                    let order = try await market.settled(placed.orderId)
                    #expect(order.status == "FAILED" && order.reason == "total_timeout")
                    #expect(try await market.rows(of: order.orderId).sagaState == "STOCK_FAILED")
                    let after = try await market.stock("OLI-TABLA-45")
                    #expect(after == before)
                    try await market.expectNothingAmiss()
                }
            }
        }

        /// Payments has not spoken yet: the time to pay passes, or the hold of the stock ends by itself.
        @Test(arguments: ["payment_timeout", "reservation_expired"])
        func anOrderThatIsReservedFailsOncePaymentsSaysThatNothingWasCharged(reason: String) async throws {
            try await Marketplace.run(hosting: [.orders, .inventory]) { market in
                let id = try await market.place("CER-BAILEN-ORZA").orderId
                try await market.untilSaga(id, is: "STOCK_RESERVED")
                if reason == "payment_timeout" {
                    try await market.passDeadline("payment", of: id)
                } else {
                    try await market.passHold(of: id)
                }
                try await eventually("payments is asked", within: .seconds(60)) {
                    try await market.count(
                        "select count(*) from outbox where subject = $1::text", EventType.orderPaymentOverdue,
                        in: .orders) == 1
                }
                #expect(try await market.order(id).status == "PENDING")
                try await market.withServices([.payments]) {
                    let order = try await market.settled(id)
                    #expect(order.status == "FAILED" && order.reason == reason)
                    #expect(try market.intents(of: id).allSatisfy { $0.status == "canceled" })
                    let stock = try await market.stock("CER-BAILEN-ORZA")
                    #expect(stock == (30, 0))
                    try await market.expectNothingAmiss()
                }
            }
        }

        /// Nobody cancels the payment: payments is away, and the hold comes to its end by itself.
        @Test func aHoldThatRunsOutByItselfTellsTheOrderWhichFailsOncePaymentsIsBack() async throws {
            try await Marketplace.run(hosting: [.orders, .inventory]) { market in
                let placed = try await market.placePending("CER-BAILEN-ORZA")
                let id = placed.order.orderId
                try await market.passDeadline("payment", of: id)
                try await market.passHold(of: id)
                try await eventually("the order has heard of the end of its hold", within: .seconds(60)) {
                    try await market.count(
                        """
                        select count(*) from saga s join saga_history h on h.saga_id = s.id
                        where s.order_id = $1::uuid and h.event = 'inventory.released.v1 (expired)'
                        """, id, in: .orders) == 1
                }
                #expect(try await market.rows(of: id).reservations == ["expired"])
                #expect(try await market.order(id).status == "PENDING", "not before its PaymentIntent is cancelled")
                let stock = try await market.stock("CER-BAILEN-ORZA")
                #expect(stock == (30, 0))

                try await market.withServices([.payments]) {
                    let order = try await market.settled(id)
                    #expect(order.status == "FAILED")
                    #expect(["payment_timeout", "reservation_expired"].contains(order.reason))
                    #expect(try market.intents(of: id).map(\.status) == ["canceled"])
                    try await market.expectNothingAmiss()
                }
            }
        }

        @Test func anUnpaidOrderFailsOnceItsPaymentIntentIsCancelled() async throws {
            try await Marketplace.run { market in
                let before = try await market.stock("CER-BAILEN-ORZA")
                let placed = try await market.place("CER-BAILEN-ORZA", paymentMethod: nil)
                try await market.untilSaga(placed.orderId, is: "PAYMENT_PENDING")
                try await market.passDeadline("payment", of: placed.orderId)
                let order = try await market.settled(placed.orderId)
                #expect(order.status == "FAILED")
                #expect(order.reason == "payment_timeout")

                let rows = try await market.rows(of: order.orderId)
                #expect(rows.sagaState == "PAYMENT_FAILED")
                #expect(rows.paymentStatus == "cancelled")
                #expect(rows.reservations == ["released"])
                let after = try await market.stock("CER-BAILEN-ORZA")
                #expect(after == before)
                #expect(try market.intents(of: order.orderId).map(\.status) == ["canceled"])

                let events = try await market.events(of: order.orderId)
                #expect(events.allSatisfy { $0.sagaID == order.sagaId })
                #expect(
                    events.filter { $0.stream == "orders" }.map(\.type) == [
                        EventType.orderCreated, EventType.orderPaymentOverdue, EventType.orderFailed,
                    ])
                // First the PaymentIntent is cancelled, then the order fails and the stock is released.
                let cancelled = try #require(events.first { $0.type == EventType.paymentCancelled })
                let failed = try #require(events.first { $0.type == EventType.orderFailed })
                let released = try #require(events.first { $0.type == EventType.inventoryReleased })
                #expect(cancelled.time <= failed.time)
                #expect(failed.time <= released.time)
                try await market.expectNothingAmiss()
            }
        }
    }
}
