import Foundation
import Outbox
import Postgres
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

@Suite("Events of others in the same account, and such as nobody has seen before")
struct ForeignEventTests {
    private static let open: Statement = "select count(*) from webhook_event where state in ('pending', 'failed')"

    private func stripe(_ setting: PaymentsSetting) async throws -> StripeClient {
        StripeClient(
            StripeClientConfiguration(apiKey: "sk_test_sandbox", baseURL: try await setting.sandbox.baseURL()),
            logger: .test)
    }

    @Test(
        "what another application charges and gives back is asked for once, and ignored",
        arguments: [WebhookEndpoint.Style.snapshot, .thin], ["", "&metadata[order_id]=4711"])
    func ignoresOthers(style: WebhookEndpoint.Style, metadata: String) async throws {
        var options = PaymentsSetting.Options()
        options.style = style
        try await PaymentsSetting.run(options) { setting in
            let stripe = try await stripe(setting)
            let made = try await stripe.createPaymentIntent(
                body: Array(
                    "amount=500&currency=eur&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card\(metadata)"
                        .utf8),
                idempotencyKey: "theirs")
            _ = try await stripe.createRefund(body: Array("payment_intent=\(made.id)".utf8), idempotencyKey: "back")
            let types = Set(try setting.sandbox.snapshot().events.map(\.type)).intersection(
                StripeEventRule.handledTypes)
            #expect(types.isSuperset(of: ["payment_intent.succeeded", "refund.created", "charge.refunded"]))
            try await eventually("all are delivered") {
                try setting.sandbox.snapshot().events.allSatisfy(\.isDelivered)
            }
            try await eventually("none is left open") { try await setting.number(Self.open) == 0 }
            #expect(
                try await setting.number("select count(*) from webhook_event where state = 'ignored'")
                    == Int64(try setting.sandbox.snapshot().events.count))
        }
    }

    @Test(
        "an event whose object Stripe does not know is ignored",
        arguments: [
            ("payment_intent.succeeded", "payment_intent"), ("refund.updated", "refund"), ("charge.refunded", "charge"),
        ])
    func ignoresUnknown(type: String, kind: String) async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        try await PaymentsSetting.run(options) { setting in
            let answer = try await PaymentsClient(setting).deliver(
                #"""
                {"id":"evt_1","object":"v2.core.event","created":"2026-11-23T10:20:30Z","livemode":false,
                 "type":"v1.\#(type)","related_object":{"id":"gone_1","type":"\#(kind)"}}
                """#)
            #expect(answer.status == 200)
            try await eventually("it is ignored") {
                try await setting.number("select count(*) from webhook_event where state = 'ignored'") == 1
            }
        }
    }

    @Test("an event in which Stripe says something new is taken, and Stripe is asked what it means")
    func asksAboutNews() async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            let intent = try #require(try await setting.reach(order, .succeeded).paymentIntentID)
            let refund = try await client.deliver(
                #"""
                {"id":"evt_1","object":"event","created":1,"livemode":false,"type":"refund.updated","data":{"object":
                 {"id":"re_1","object":"refund","status":null,"amount":5,"currency":"eur","payment_intent":"\#(intent)"}}}
                """#)
            #expect(refund.status == 200)
            let waiting = TestOrder()
            try await setting.place(waiting)
            let open = try #require(try await setting.reach(waiting, .pending).paymentIntentID)
            let moon = try await client.deliver(
                TestEvent.intent("payment_intent.processing", intent: open, order: waiting, status: "requires_moon"))
            #expect(moon.status == 200)
            try await eventually("both are placed") { try await setting.number(Self.open) == 0 }
            #expect(try await setting.number("select count(*) from webhook_event where outcome = 'read'") == 2)
            #expect(try await setting.payment(waiting)?.status == .pending)
        }
    }

    @Test("an event's look at Stripe does not queue behind those of a reconciliation")
    func hasItsOwnKind() async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.runsJobs = false
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder()
            try await setting.place(order)
            var intent: String?
            try await setting.runJobs { intent = try await setting.reach(order, .pending).paymentIntentID }
            _ = try await PaymentsClient(setting).deliver(
                TestEvent.intent(
                    "payment_intent.processing", intent: try #require(intent), order: order, status: "processing"))
            #expect(try await setting.number("select count(*) from scheduled_job where kind = 'payment.look'") == 1)
            #expect(Set(setting.service.jobs.map(\.kind)).isSuperset(of: ["payment.look", "payment.reconcile"]))
        }
    }
}
