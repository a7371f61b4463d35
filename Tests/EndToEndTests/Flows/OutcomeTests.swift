import Composition
import Contracts
import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// The ends that an order reaches by itself.
    @Suite struct OutcomeTests {
        private struct Timeline: Decodable {
            struct Entry: Decodable { let title: String }
            let entries: [Entry]
        }

        @Test func aPaidOrderIsConfirmedAndItsStockCommitted() async throws {
            try await Marketplace.run { market in
                let before = try await market.stock("OLI-TABLA-45")
                let answer = try await market.post("OLI-TABLA-45", quantity: 2, wait: "20s")
                #expect(answer.status == 202)
                let placed = try answer.json(Marketplace.Order.self)
                #expect(placed.total == Money(amount: 2 * 2990, currency: "EUR"))

                let order = try await market.settled(placed.orderId)
                #expect(order.status == "CONFIRMED")
                #expect(order.reason == nil)
                // The stock is committed after the order is confirmed.
                try await eventually("the stock is committed", within: .seconds(30)) {
                    try await market.rows(of: order.orderId).reservations == ["committed"]
                }
                let rows = try await market.rows(of: order.orderId)
                #expect(rows.orderStatus == "CONFIRMED")
                #expect(rows.sagaState == "COMPLETED")
                #expect(rows.isSettled)
                #expect(rows.paymentStatus == "succeeded")
                let after = try await market.stock("OLI-TABLA-45")
                #expect(after.onHand == before.onHand - 2)
                #expect(after.reserved == before.reserved)

                let intents = try market.intents(of: order.orderId)
                #expect(intents.map(\.status) == ["succeeded"])
                #expect(intents.map(\.id) == [rows.paymentIntentID])
                #expect(intents.first?.metadata["saga_id"]?.lowercased() == order.sagaId.uuidString.lowercased())

                let events = try await market.events(of: order.orderId)
                #expect(events.allSatisfy { $0.sagaID == order.sagaId })
                #expect(
                    events.filter { $0.stream == "orders" }.map(\.type) == [
                        EventType.orderCreated, EventType.orderConfirmed,
                    ])
                #expect(events.filter { $0.stream == "inventory" }.map(\.type) == [EventType.inventoryReserved])
                #expect(events.filter { $0.type == EventType.paymentSucceeded }.count == 1)

                let path = DemoShop.path(order.orderId)
                let timeline = try await market.client.get(.orders, path + "/timeline", token: market.customer)
                let told = try timeline.json(Timeline.self).entries.map(\.title)
                #expect(told.first == "Order placed" && told.contains("Stock reserved"))
                #expect(told.last == "Paid: the order is confirmed")
                // It has ended: the stream tells all that there is to tell, and closes.
                let stream = try await market.client.get(.orders, path + "/events", token: market.customer)
                let text = String(decoding: stream.body, as: UTF8.self)
                #expect(text.components(separatedBy: "event: saga\n").count - 1 == told.count)
                #expect(text.hasSuffix("event: end\ndata: {}\n\n"))
                try await market.expectNothingAmiss()
            }
        }

        @Test func anOrderOfMoreThanThereIsIsCancelledWithoutAPaymentIntent() async throws {
            try await Marketplace.run { market in
                let placed = try await market.place("FIL-CORDOBA-PEND", quantity: 2)
                let order = try await market.settled(placed.orderId)
                #expect(order.status == "CANCELLED")
                #expect(order.reason == "out_of_stock")

                let rows = try await market.rows(of: order.orderId)
                #expect(rows.orderStatus == "CANCELLED")
                #expect(rows.sagaState == "STOCK_FAILED")
                #expect(rows.reservations == [])
                #expect(rows.paymentIntentID == nil)
                #expect(rows.paymentStatus == "cancelled")
                #expect(try market.intents(of: order.orderId).isEmpty)
                #expect(try market.sandbox.snapshot().requests["payment_intents.create"] == nil)
                let stock = try await market.stock("FIL-CORDOBA-PEND")
                #expect(stock.onHand == 1)
                #expect(stock.reserved == 0)

                let events = try await market.events(of: order.orderId)
                #expect(events.allSatisfy { $0.sagaID == order.sagaId })
                #expect(
                    events.filter { $0.stream == "orders" }.map(\.type) == [
                        EventType.orderCreated, EventType.orderCancelled,
                    ])
                #expect(events.filter { $0.stream == "inventory" }.first?.type == EventType.inventoryOutOfStock)
                #expect(events.filter { $0.stream == "payments" }.map(\.type) == [EventType.paymentCancelled])
                let missing = try await market.texts(
                    """
                    select event -> 'data' -> 'shortages' -> 0 ->> 'sku' from outbox
                    where aggregate_id = $1::text and subject = $2::text
                    """, order.orderId.uuidString.lowercased(), EventType.orderCancelled, in: .orders)
                #expect(missing == ["FIL-CORDOBA-PEND"])
                try await market.expectNothingAmiss()
            }
        }

        @Test func aDeclinedPaymentCancelsTheOrderAndReleasesTheStock() async throws {
            try await Marketplace.run { market in
                let before = try await market.stock("CUE-UBRIQUE-CARTERA")
                let placed = try await market.place("CUE-UBRIQUE-CARTERA", paymentMethod: "pm_card_chargeDeclined")
                let order = try await market.settled(placed.orderId)
                #expect(order.status == "CANCELLED")
                #expect(order.reason == "payment_declined")

                let rows = try await market.rows(of: order.orderId)
                #expect(rows.sagaState == "PAYMENT_FAILED")
                #expect(rows.reservations == ["released"])
                let after = try await market.stock("CUE-UBRIQUE-CARTERA")
                #expect(after == before)
                let id = order.orderId.uuidString.lowercased()
                #expect(try market.sandbox.snapshot().netCharged(metadata: "order_id", id) == 0)
                // Nobody can pay for it any more.
                #expect(try market.intents(of: order.orderId).map(\.status) == ["canceled"])

                let events = try await market.events(of: order.orderId)
                #expect(events.allSatisfy { $0.sagaID == order.sagaId })
                #expect(
                    events.filter { $0.stream == "orders" }.map(\.type) == [
                        EventType.orderCreated, EventType.orderCancelled,
                    ])
                #expect(
                    events.filter { $0.stream == "inventory" }.map(\.type) == [
                        EventType.inventoryReserved, EventType.inventoryReleased,
                    ])
                #expect(events.contains { $0.type == EventType.paymentFailed })
                #expect(events.contains { $0.type == EventType.paymentSucceeded } == false)
                try await market.expectNothingAmiss()
            }
        }
    }
}
