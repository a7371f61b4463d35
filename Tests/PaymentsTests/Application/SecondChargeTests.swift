import CoreMetrics
import Foundation
import Outbox
import Postgres
import ServiceRuntime
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

/// A payment that forgot its PaymentIntent makes another: a database that was restored, or Stripe that forgot a key. Stripe
/// prevents it for a day; after that only its events tell.
@Suite("Two PaymentIntents of one order")
struct SecondChargeTests {
    private static let open: Statement = "select count(*) from webhook_event where state in ('pending', 'failed')"
    private static let attention: Statement = "select count(*) from payment_attention where why = 'second_charge'"

    private var options: PaymentsSetting.Options {
        var options = PaymentsSetting.Options()
        options.reconciles = true
        return options
    }

    private func stripe(_ setting: PaymentsSetting) async throws -> StripeClient {
        StripeClient(
            StripeClientConfiguration(apiKey: "sk_test_sandbox", baseURL: try await setting.sandbox.baseURL()),
            logger: .test)
    }

    /// Makes the same PaymentIntent once more, under another key.
    private func makeAnother(
        of payment: Payment, confirmed: Bool = true, _ stripe: StripeClient
    ) async throws -> String {
        var body = StripeRequests.create(payment, attempt: UUID())
        if confirmed { body += Array("&confirm=true&payment_method=pm_card_visa".utf8) }
        return try await stripe.createPaymentIntent(body: body, idempotencyKey: UUID().lowercased).id
    }

    @Test(
        "a second charge is shown to a person, and the payment stays as it is",
        arguments: [WebhookEndpoint.Style.snapshot, .thin])
    func tells(style: WebhookEndpoint.Style) async throws {
        let metrics = PrometheusRegistry()
        var options = options
        options.style = style
        options.metrics = metrics
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            let paid = try await setting.reach(order, .succeeded)
            let stripe = try await stripe(setting)
            let other = try await makeAnother(of: paid, stripe)
            try await eventually("a person is told") { try await setting.number(Self.attention) == 1 }
            try await eventually("no event waits") { try await setting.number(Self.open) == 0 }
            let payment = try #require(try await setting.payment(order))
            #expect(payment.paymentIntentID == paid.paymentIntentID)
            #expect(payment.status == .succeeded)
            #expect(payment.amountReceived == paid.amountReceived)
            #expect(payment.alert == "second_charge")
            #expect(await metrics.exposition().contains(#"payment_alerts_total{code="second_charge"} 1"#))
            // Which one it is, as the runbook asks.
            let shown = try await setting.pool.query(Self.others.bind()).map { try $0.get(0, as: String.self) }
            #expect(shown == [other])

            // The person gives it back at Stripe, and says so. What Stripe tells of that raises nothing again.
            try await setting.pool.query(Self.clear.bind())
            _ = try await stripe.createRefund(body: Array("payment_intent=\(other)".utf8), idempotencyKey: "back")
            try await eventually("the refund's events are placed") {
                let told = try setting.sandbox.snapshot().events.filter { $0.type.contains("refund") }
                let areDelivered = told.count > 1 && told.allSatisfy(\.isDelivered)
                let waiting = try await setting.number(Self.open)
                return areDelivered && waiting == 0
            }
            #expect(try await setting.number(Self.attention) == 0)
            #expect(try await setting.payment(order)?.refunded == 0)
        }
    }

    private static let others: Statement = """
        select distinct substr(note, 16) from payment_history where note like 'second charge: %'
        """
    private static let clear: Statement = "update payment set alert = null"

    @Test("a second PaymentIntent through which nothing was charged is placed, and nobody is bothered")
    func ignoresEmpty() async throws {
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            let paid = try await setting.reach(order, .succeeded)
            let stripe = try await stripe(setting)
            let other = try await makeAnother(of: paid, confirmed: false, stripe)
            _ = try await stripe.cancelPaymentIntent(other, body: [], idempotencyKey: "cancel")
            try await eventually("its cancellation is placed") {
                try await setting.number(
                    "select count(*) from webhook_event where type = 'payment_intent.canceled' and state = 'processed'")
                    == 1
            }
            #expect(try await setting.payment(order)?.alert == nil)
            #expect(try await setting.payment(order)?.status == .succeeded)
        }
    }

    @Test("a charge for an order that has ended without a PaymentIntent is shown to a person")
    func tellsOfEnded() async throws {
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.hear(order.created(), order.cancelled())
            let ended = try await setting.reach(order, .cancelled)
            _ = try await makeAnother(of: ended, try await stripe(setting))
            try await eventually("a person is told") { try await setting.number(Self.attention) == 1 }
        }
    }

    @Test("a look does not end an event that came after it began: what Stripe had shown may not include it")
    func leavesNews() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            func deliver(_ id: String, _ type: String, _ status: String) async throws {
                let json = TestEvent.intent(type, id: id, intent: "pi_other", order: TestOrder(), status: status)
                #expect(try await client.deliver(json).status == 200)
            }
            try await deliver("evt_before", "payment_intent.processing", "processing")
            try await setting.pool.withTransaction { transaction in
                try await transaction.query("select now()")
                // Here a look asks Stripe.
                try await deliver("evt_after", "payment_intent.succeeded", "succeeded")
                let waiting = try await StripeEventStore(transaction).pendingAtStart("pi_other")
                #expect(waiting.map(\.id) == ["evt_before"])
            }
        }
    }

    @Test("the event of a charge for an order that nobody knows waits for ever, counted")
    func keepsUnknown() async throws {
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.hear(order.created())
            let payment = try await setting.reach(order, .awaitingStock)
            var stranger = Payment(id: .v7(), orderID: .v7(), sagaID: .v7(), status: .awaitingStock)
            stranger.price = payment.price
            stranger.paymentMethod = payment.paymentMethod
            _ = try await makeAnother(of: stranger, try await stripe(setting))
            try await eventually("it was looked at, and is looked at again later") {
                try await setting.number(
                    """
                    select count(*) from scheduled_job
                    where kind = 'payment.reconcile' and unique_key like 'event:%' and run_at > now() + interval '1 second'
                    """) == 1
            }
            let gauges = PaymentGauges(
                pool: setting.pool, interval: .seconds(60), metrics: setting.service.ledger.metrics, logger: .test)
            #expect(try await gauges.counts().unplaced == 0)
            try await setting.pool.query(Self.age.bind())
            #expect(try await gauges.counts().unplaced == 1)
            try await eventually("old events that ended are gone") {
                try await setting.number("select count(*) from webhook_event where state = 'ignored'") == 0
            }
            #expect(try await setting.number(Self.open) == 1)
        }
    }

    /// Older than any event is kept.
    private static let age: Statement = "update webhook_event set received_at = received_at - interval '1 year'"
}
