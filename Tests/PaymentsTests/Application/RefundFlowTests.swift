import Contracts
import Foundation
@testable import Payments
import Postgres
import StripeSandbox
import Testing
import TestSupport

@Suite("Refund flows, against the sandbox")
struct RefundFlowTests {
    private func pay(_ order: TestOrder, _ setting: PaymentsSetting) async throws -> Payment {
        try await setting.place(order)
        return try await setting.reach(order, .succeeded)
    }

    @Test("the saga's refund gives everything back once, and is told again when it is asked again")
    func refundsOnce() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            _ = try await pay(order, setting)
            try await setting.hear(order.refundDue(), order.refundDue())
            try await setting.expectTold(order, "succeeded", "refunded")
            let told = try #require(try await setting.told(order).last?.data)
            #expect(told.amount == .init(amount: 2500, currency: "EUR"))
            try await setting.hear(order.refundDue())
            try await setting.expectTold(order, "succeeded", "refunded", "refunded")
            #expect(try setting.sandbox.snapshot().refunds.count == 1)
            #expect(
                try setting.sandbox.snapshot().netCharged(
                    metadata: "order_id", order.id.uuidString.lowercased()) == 0)
        }
    }

    @Test("a refund that is pending is told when it has succeeded")
    func waitsForPending() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_pendingRefund")
            _ = try await pay(order, setting)
            try await setting.hear(order.refundDue())
            try await setting.expectTold(order, "succeeded", "refunded")
        }
    }

    @Test("a refund that the bank sends back frees its amount, alerts, and can be asked for again")
    func takesBackFailed() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_sandbox_pendingRefundStays")
            let payment = try await pay(order, setting)
            try await setting.hear(order.refundDue())
            try await eventually("Stripe has the refund") { try setting.sandbox.snapshot().refunds.count == 1 }
            let id = try #require(try setting.sandbox.snapshot().refunds.first?.id)
            try setting.sandbox.finishRefund(id, succeeds: false)
            try await eventually("its amount is free again") { try await setting.payment(order)?.refunded == 0 }
            #expect(try await setting.number("select count(*) from payment_attention where what = 'refund'") == 1)
            #expect(payment.refunded == 0)
            // The saga's undo is not confirmed, so it asks again.
            try await setting.hear(order.refundDue())
            try await eventually("Stripe has a second refund") { try setting.sandbox.snapshot().refunds.count == 2 }
            let second = try #require(try setting.sandbox.snapshot().refunds.last?.id)
            try setting.sandbox.finishRefund(second, succeeds: true)
            try await setting.expectTold(order, "succeeded", "refunded")
            #expect(try await setting.payment(order)?.refunded == 2500)
        }
    }

    @Test("a refund that somebody makes at Stripe is taken over, and the saga's then takes the rest")
    func takesOver() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            let payment = try await pay(order, setting)
            let id = try #require(payment.paymentIntentID)
            let stripe = StripeClient(
                StripeClientConfiguration(
                    apiKey: "sk_test_sandbox", baseURL: try await setting.sandbox.baseURL()), logger: .test)
            _ = try await stripe.createRefund(
                body: Array("payment_intent=\(id)&amount=1000".utf8), idempotencyKey: "by-hand")
            try await setting.expectTold(order, "succeeded", "refunded")
            #expect(try await setting.payment(order)?.refunded == 1000)
            try await setting.hear(order.refundDue())
            try await setting.expectTold(order, "succeeded", "refunded", "refunded")
            #expect(try setting.sandbox.snapshot().refunds.map(\.amount) == [1000, 1500])
        }
    }

    @Test("a refund that Stripe has made already by hand is not made twice")
    func adoptsRefundMadeByHand() async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            let payment = try await pay(order, setting)
            let id = try #require(payment.paymentIntentID)
            let stripe = StripeClient(
                StripeClientConfiguration(
                    apiKey: "sk_test_sandbox", baseURL: try await setting.sandbox.baseURL()), logger: .test)
            _ = try await stripe.createRefund(body: Array("payment_intent=\(id)".utf8), idempotencyKey: "by-hand")
            try await setting.hear(order.refundDue())
            try await setting.expectTold(order, "succeeded", "refunded")
            #expect(try setting.sandbox.snapshot().refunds.count == 1)
            #expect(try await setting.payment(order)?.refunded == 2500)
        }
    }

    @Test("money for an order that asks for a refund before it is charged is not taken")
    func refundsNothing() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder()
            try await setting.place(order)
            _ = try await setting.reach(order, .pending)
            try await setting.hear(order.refundDue("customer_request"))
            _ = try await setting.reach(order, .cancelled)
            try await setting.expectTold(order, "pending", "cancelled")
        }
    }
}
