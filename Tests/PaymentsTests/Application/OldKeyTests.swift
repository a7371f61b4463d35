import Foundation
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

@Suite("Calls whose idempotency key Stripe may have forgotten")
struct OldKeyTests {
    private static let age: Statement = """
        update stripe_call set created_at = created_at - interval '25 hours' where state = 'pending'
        """

    private static let hurry: Statement = "update scheduled_job set run_at = now()"

    /// Runs jobs until Stripe has done as asked and its answer is lost, then lets a day pass.
    private func outlive(
        _ operation: String, _ order: TestOrder, _ setting: PaymentsSetting
    ) async throws {
        try setting.sandbox.setFaults([SandboxFault(.closeAfter, target: operation)])
        try await setting.runJobs {
            try await eventually("Stripe has done it, and nobody knows") {
                try await setting.number("select count(*) from stripe_call where state = 'pending' and sends = 1") == 1
            }
        }
        try setting.sandbox.setFaults([])
        try setting.sandbox.forgetKeys()
        try await setting.pool.query(Self.age.bind())
        try await setting.pool.query(Self.hurry.bind())
    }

    private var options: PaymentsSetting.Options {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.runsJobs = false
        // One try, and time to let the day pass before the next: under the key that is still kept it would succeed.
        options.configure = {
            $0.stripe.retry = StripeRetryPolicy(maxRetries: 0)
            $0.callRetryBase = .seconds(2)
            $0.callRetryCap = .seconds(2)
        }
        return options
    }

    @Test(
        "a PaymentIntent whose making was never answered is found in Stripe's list, and no second one is made",
        arguments: [nil, "pm_card_visa"])
    func findsIntent(method: String?) async throws {
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: method)
            try await setting.place(order)
            try await outlive("payment_intents.create", order, setting)
            let made = try #require(try setting.sandbox.snapshot().paymentIntents.first).id
            try await setting.runJobs {
                let payment = try await setting.reach(order, method == nil ? .pending : .succeeded)
                #expect(payment.paymentIntentID == made)
            }
            #expect(try setting.sandbox.snapshot().paymentIntents.map(\.id) == [made])
            #expect(try setting.sandbox.snapshot().charges.count == (method == nil ? 0 : 1))
        }
    }

    @Test("one that was never made is made under a new key")
    func makesIntent() async throws {
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder()
            try await setting.place(order)
            try await setting.pool.query(Self.age.bind())
            try await setting.runJobs { _ = try await setting.reach(order, .pending) }
            #expect(try setting.sandbox.snapshot().paymentIntents.count == 1)
            #expect(
                try await setting.number(
                    "select count(*) from stripe_call where state = 'failed' and http_status is null")
                    == 1)
        }
    }

    @Test("a confirmation that was declined without an answer is read, not made a second time")
    func readsConfirmation() async throws {
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_chargeDeclined")
            try await setting.place(order)
            try await outlive("payment_intents.confirm", order, setting)
            try await setting.runJobs { _ = try await setting.reach(order, .failed) }
            #expect(try setting.sandbox.snapshot().charges.count == 1)
            #expect(try await setting.payment(order)?.attempts == 1)
        }
    }
}
