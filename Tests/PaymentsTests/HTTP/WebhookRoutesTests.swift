import Foundation
import NIOHTTP1
@testable import Payments
import Postgres
import StripeSandbox
import Testing
import TestSupport

@Suite("POST /webhooks/stripe")
struct WebhookRoutesTests {
    /// A payment that waits for its customer; jobs ran only until then.
    private func waiting(_ setting: PaymentsSetting) async throws -> (order: TestOrder, intent: String) {
        let order = TestOrder()
        try await setting.place(order)
        var intent: String?
        try await setting.runJobs { intent = try await setting.reach(order, .pending).paymentIntentID }
        return (order, try #require(intent))
    }

    @Test("a wrong signature is refused, and nothing is kept")
    func refusesForgeries() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            let json = TestEvent.intent("payment_intent.succeeded", intent: "pi_1", order: nil, status: "succeeded")
            let wrong = try await client.deliver(Array(json.utf8), secret: "whsec_of_somebody_else")
            #expect(wrong.status == 400)
            #expect(wrong.code == "signature_mismatch")
            let old = try await client.deliver(Array(json.utf8), at: Date(timeIntervalSinceNow: -400))
            #expect(old.code == "timestamp_too_old")
            let future = try await client.deliver(Array(json.utf8), at: Date(timeIntervalSinceNow: 400))
            #expect(future.code == "timestamp_in_future")
            let none = try await client.send(.POST, "/webhooks/stripe", Array(json.utf8), [:])
            #expect(none.code == "signature_missing")
            #expect(try await setting.number("select count(*) from webhook_event") == 0)
        }
    }

    @Test("what is signed but no event is 400; what is too large is 413; the other mode is refused")
    func refusesNonsense() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            for body in ["", "[]", "{}", "not JSON"] {
                let answer = try await client.deliver(body)
                #expect(answer.status == 400)
                #expect(answer.code == "event_malformed")
            }
            let large = try await client.deliver([UInt8](repeating: 0x20, count: 256 * 1024 + 1))
            #expect(large.status == 413)
            let live = try await client.deliver(
                TestEvent.intent(
                    "payment_intent.succeeded", intent: "pi_1", order: nil, status: "succeeded", livemode: true))
            #expect(live.status == 400)
            #expect(live.code == "livemode_mismatch")
            #expect(try await setting.number("select count(*) from webhook_event") == 0)
        }
    }

    @Test("the same event twice is applied once, also at the same time")
    func appliesOnce() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            let (order, intent) = try await waiting(setting)
            let json = TestEvent.intent(
                "payment_intent.succeeded", intent: intent, order: order, status: "succeeded", received: 2500)
            let duplicates = try await withThrowingTaskGroup(of: Bool?.self) { group in
                for _ in 0..<5 { group.addTask { try await client.deliver(json).flag("duplicate") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(duplicates.filter { $0 == false }.count == 1)
            #expect(duplicates.filter { $0 == true }.count == 4)
            #expect(try await setting.types(order) == ["pending", "succeeded"])
            // Another event that tells the same change.
            let twin = try await client.deliver(
                TestEvent.intent(
                    "payment_intent.succeeded", intent: intent, order: order, status: "succeeded", received: 2500))
            #expect(twin.status == 200)
            #expect(try await setting.types(order) == ["pending", "succeeded"])
        }
    }

    @Test("what is stored has neither the client secret nor anything else of the payload")
    func storesLittle() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let (order, intent) = try await waiting(setting)
            let client = PaymentsClient(setting)
            #expect(
                try await client.deliver(
                    TestEvent.intent(
                        "payment_intent.processing", intent: intent, order: order, status: "processing")
                ).status == 200)
            #expect(
                try await setting.number("select count(*) from webhook_event where payload::text like '%hush%'") == 0)
        }
    }

    @Test("an event for a PaymentIntent that is not known yet is kept, and applied when it is")
    func keepsUnknown() async throws {
        var options = PaymentsSetting.Options.quiet
        options.sandbox.seed = 11
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder()
            // The sandbox' ids come from its seed: a first one with the same seed tells which will be made.
            let intent = try await StripeSandboxServer.withServer(StripeSandboxConfiguration(seed: 11)) { twin in
                try await StripeClient(
                    StripeClientConfiguration(apiKey: "sk_test_sandbox", baseURL: try await twin.baseURL()),
                    logger: .test
                ).createPaymentIntent(body: Array("amount=2500&currency=eur".utf8), idempotencyKey: "k").id
            }
            let answer = try await client.deliver(
                TestEvent.intent(
                    "payment_intent.succeeded", id: "evt_early", intent: intent, order: order, status: "succeeded",
                    received: 2500))
            #expect(answer.status == 200)
            #expect(
                try await setting.number(
                    "select count(*) from webhook_event where state = 'pending' and outcome = 'unknown PaymentIntent'")
                    == 1)
            try await setting.place(order)
            try await setting.runJobs { _ = try await setting.reach(order, .succeeded) }
            #expect(try await setting.payment(order)?.paymentIntentID == intent)
            #expect(try await setting.types(order) == ["pending", "succeeded"])
            #expect(try await setting.number("select count(*) from webhook_event where state = 'processed'") == 1)
        }
    }

    @Test("a stale failure after success changes nothing")
    func keepsSuccess() async throws {
        var options = PaymentsSetting.Options.quiet
        options.runsJobs = true
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            let intent = try #require(try await setting.reach(order, .succeeded).paymentIntentID)
            for type in ["payment_intent.payment_failed", "payment_intent.canceled", "payment_intent.processing"] {
                let answer = try await client.deliver(
                    TestEvent.intent(
                        type, intent: intent, order: order, status: "requires_payment_method", charge: "ch_old",
                        failure: "card_declined"))
                #expect(answer.status == 200)
            }
            #expect(try await setting.payment(order)?.status == .succeeded)
            #expect(try await setting.types(order) == ["succeeded"])
            #expect(try await setting.number("select count(*) from webhook_event where state = 'processed'") == 3)
        }
    }

    @Test("a failure that is overtaken is not believed: Stripe is asked, and shows that it is paid")
    func readsAgain() async throws {
        var options = PaymentsSetting.Options.quiet
        options.runsJobs = true
        options.configure = { $0.maxTries = 1 }
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder()
            try await setting.place(order)
            let intent = try #require(try await setting.reach(order, .pending).paymentIntentID)
            // Declined, then paid; only the decline is told, late. It would be the last try.
            try setting.sandbox.pay(intent, with: "pm_card_chargeDeclined")
            try setting.sandbox.pay(intent)
            _ = try await client.deliver(
                TestEvent.intent(
                    "payment_intent.payment_failed", intent: intent, order: order,
                    status: "requires_payment_method", charge: "ch_first", failure: "card_declined"))
            _ = try await setting.reach(order, .succeeded)
            try await setting.expectTold(order, "pending", "succeeded")
        }
    }

    @Test("a charge that is not the order's price confirms nothing, alerts, and goes back when the order has ended")
    func refusesMismatch() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            let (order, intent) = try await waiting(setting)
            let answer = try await client.deliver(
                TestEvent.intent(
                    "payment_intent.succeeded", intent: intent, order: order, status: "succeeded", received: 2400))
            #expect(answer.status == 200)
            let payment = try #require(try await setting.payment(order))
            #expect(payment.status == .failed)
            #expect(payment.alert == "amount_mismatch")
            #expect(try await setting.types(order) == ["pending", "failed"])
            #expect(
                try await setting.number("select count(*) from payment_attention where why = 'amount_mismatch'") == 1)
            try await setting.hear(order.cancelled("payment_declined"))
            #expect(try await setting.number("select sum(amount_minor)::bigint from refund") == 2400)
        }
    }

    @Test("a PaymentIntent of somebody else in the same account is recorded and ignored")
    func ignoresOthers() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            let other = try await client.deliver(
                TestEvent.intent("payment_intent.succeeded", intent: "pi_other", order: nil, status: "succeeded"))
            #expect(other.status == 200)
            let unknown = try await client.deliver(
                #"{"id":"evt_u","object":"event","created":1,"livemode":false,"type":"x.y","data":{"object":{}}}"#)
            #expect(unknown.status == 200)
            #expect(try await setting.number("select count(*) from webhook_event where state = 'ignored'") == 2)
        }
    }

    @Test("thin events are taken too")
    func takesThin() async throws {
        var options = PaymentsSetting.Options()
        options.style = .thin
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder()
            try await setting.place(order)
            let intent = try #require(try await setting.reach(order, .pending).paymentIntentID)
            try setting.sandbox.pay(intent)
            _ = try await setting.reach(order, .succeeded)
            try await setting.hear(order.refundDue())
            try await setting.expectTold(order, "pending", "succeeded", "refunded")
        }
    }

    @Test("while the database is away the answer is 503, so that Stripe delivers again")
    func asksAgainLater() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            await setting.pool.close()
            let answer = try await client.deliver(
                TestEvent.intent("payment_intent.succeeded", intent: "pi_1", order: nil, status: "succeeded"))
            #expect(answer.status == 503)
        }
    }
}
