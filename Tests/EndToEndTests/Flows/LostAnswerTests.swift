import Composition
import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// A service dies when a request has been committed, before it is answered: whoever asked asks again.
    @Suite struct LostAnswerTests {
        @Test func anOrderWhoseAnswerWasLostIsPlacedOnce() async throws {
            try await Marketplace.run(hosting: []) { market in
                var others: [CommandProcess] = []
                for name in ["inventory", "payments", "relay"] { others.append(try market.start(name)) }
                let dying = try market.start("orders", dyingAt: "http.POST /orders:1")
                try await market.untilServing()
                try await market.untilOrdersCanBePlaced()
                let key = UUID().uuidString
                await #expect(throws: (any Error).self) { try await market.post("CUE-UBRIQUE-CARTERA", key: key) }
                #expect(try await dying.exitCode() == 128 + SIGKILL, "\(dying.output)")
                let orders = try market.start("orders")
                try await market.untilServing()
                let answer = try await market.post("CUE-UBRIQUE-CARTERA", key: key)
                #expect(answer.status == 202)
                let order = try answer.json(Marketplace.Order.self)
                #expect(try await market.settled(order.orderId).status == "CONFIRMED")
                #expect(try await market.count("select count(*) from orders", in: .orders) == 1)
                #expect(try market.sandbox.snapshot().charges.count == 1)
                try await market.expectNothingAmiss()
                for process in others + [orders] { try await process.stop() }
            }
        }

        @Test func anEventOfStripesWhoseAnswerWasLostIsDeliveredAgainAndChangesNothing() async throws {
            try await Marketplace.run(hosting: []) { market in
                var others: [CommandProcess] = []
                for name in ["inventory", "orders", "relay"] { others.append(try market.start(name)) }
                // The customer pays, so that nothing but the event says so.
                let dying = try market.start("payments", dyingAt: "http.POST /webhooks/stripe:1")
                try await market.untilServing()
                try await market.untilOrdersCanBePlaced()
                let order = try await market.place("CUE-UBRIQUE-CARTERA", paymentMethod: nil).orderId
                try await eventually("the PaymentIntent is known", within: .seconds(30)) {
                    try await market.count(
                        "select count(*) from payment where payment_intent_id is not null", in: .payments) == 1
                }
                try market.sandbox.pay(try #require(try market.intents(of: order).first?.id))
                #expect(try await dying.exitCode() == 128 + SIGKILL, "\(dying.output)")
                #expect(try await market.count("select count(*) from webhook_event", in: .payments) == 1)
                let payments = try market.start("payments")
                try await market.untilServing()
                #expect(try await market.settled(order).status == "CONFIRMED")
                try await eventually("Stripe has delivered all", within: .seconds(60)) {
                    try market.sandbox.snapshot().events.allSatisfy(\.isDelivered)
                }
                let succeeded: Statement = "select count(*) from outbox where subject = 'payment.succeeded.v1'"
                #expect(try await market.count(succeeded, in: .payments) == 1)
                #expect(try market.sandbox.snapshot().charges.count == 1)
                try await market.expectNothingAmiss()
                for process in others + [payments] { try await process.stop() }
            }
        }
    }
}
