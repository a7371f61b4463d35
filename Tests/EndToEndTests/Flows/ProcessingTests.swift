import Composition
import Contracts
import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import artesanos

extension EndToEnd {
    /// The payment's deadline passes, and the money is on its way or there already.
    @Suite struct ProcessingTests {
        @Test(arguments: [true, false])
        func theHoldIsMadeLongerWhileStripeIsProcessing(succeeds: Bool) async throws {
            let settings = ["RESERVATION_TTL": "20s", "SAGA_PAYMENT_MARGIN": "10s"]
            try await Marketplace.run(settings: settings) { market in
                let placed = try await market.place("CER-BAILEN-ORZA", paymentMethod: "pm_sandbox_processing")
                try await eventually("the payment is being processed", within: .seconds(60)) {
                    try await market.rows(of: placed.orderId).paymentStatus == "processing"
                }
                // The first end of the hold has passed, and the order has neither failed nor lost its stock.
                try await eventually("the hold has been made longer", within: .seconds(60)) {
                    try await market.count(
                        """
                        select count(*) from reservation
                        where status = 'active' and extensions > 0 and created_at + ttl < now()
                        """, in: .inventory) == 1
                }
                #expect(try await market.order(placed.orderId).status == "PENDING")
                let stock = try await market.stock("CER-BAILEN-ORZA")
                #expect(stock == (30, 1))

                let intent = try #require(try market.intents(of: placed.orderId).first)
                try market.sandbox.finishProcessing(intent.id, succeeds: succeeds)
                let order = try await market.settled(placed.orderId)
                // After the refusal the payment's deadline and the end of the hold are about to pass, in either order.
                let ends = succeeds ? ["CONFIRMED"] : ["CANCELLED", "FAILED"]
                #expect(ends.contains(order.status), "\(order.status)")
                try await market.expectNothingAmiss()
                let after = try await market.stock("CER-BAILEN-ORZA")
                #expect(after == (succeeds ? 29 : 30, 0))
            }
        }

        @Test func aPaymentAtTheLastMomentWinsOverItsDeadline() async throws {
            try await Marketplace.run(hosting: [.orders, .inventory]) { market in
                let placed = try await market.placePending("CER-BAILEN-ORZA")
                try market.sandbox.pay(placed.intent)
                try await market.passDeadline("payment", of: placed.order.orderId)
                try await eventually("the payment's deadline has passed", within: .seconds(60)) {
                    try await market.count(
                        "select count(*) from saga_history where event = 'deadline.payment'", in: .orders) == 1
                }
                #expect(try await market.order(placed.order.orderId).status == "PENDING")
                try await market.withServices([.payments]) {
                    let order = try await market.settled(placed.order.orderId)
                    #expect(order.status == "CONFIRMED")
                    #expect(try market.intents(of: order.orderId).map(\.status) == ["succeeded"])
                    #expect(try market.sandbox.snapshot().refunds.isEmpty)
                    try await market.expectNothingAmiss()
                    #expect(try await market.rows(of: order.orderId).reservations == ["committed"])
                }
            }
        }

        @Test func aHoldThatEndsEarlyEndsTheUnpaidOrder() async throws {
            try await Marketplace.run { market in
                let placed = try await market.place("CER-BAILEN-ORZA", paymentMethod: nil)
                try await market.untilSaga(placed.orderId, is: "PAYMENT_PENDING")
                try await market.releaseHold(of: placed.orderId)
                let order = try await market.settled(placed.orderId)
                #expect(order.status == "FAILED")
                #expect(order.reason == "reservation_expired")
                #expect(try market.intents(of: order.orderId).map(\.status) == ["canceled"])
                let stock = try await market.stock("CER-BAILEN-ORZA")
                #expect(stock == (30, 0))
                try await market.expectNothingAmiss()
            }
        }
    }
}
