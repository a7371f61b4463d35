import Foundation
@testable import Payments
import Postgres
import StripeSandbox
import Testing
import TestSupport

@Suite("Reconciliation, against the sandbox")
struct ReconciliationTests {
    /// No webhook ever comes.
    private var deaf: PaymentsSetting.Options {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.reconciles = true
        return options
    }

    @Test("with all webhooks lost payments still end, from Stripe's list of events")
    func listsEvents() async throws {
        var options = deaf
        // Open payments are not looked at here.
        options.configure = { $0.reconcileAfter = .seconds(3600) }
        try await PaymentsSetting.run(options) { setting in
            let orders = (0..<5).map { _ in TestOrder() }
            for order in orders { try await setting.place(order) }
            for order in orders {
                let id = try #require(try await setting.reach(order, .pending).paymentIntentID)
                try setting.sandbox.pay(id)
            }
            for order in orders { _ = try await setting.reach(order, .succeeded) }
            #expect(try await setting.number("select count(*) from webhook_event where source = 'webhook'") == 0)
            for order in orders { #expect(try await setting.types(order) == ["pending", "succeeded"]) }
        }
    }

    @Test("the listing goes on from where it was, over pages, and takes nothing twice")
    func pages() async throws {
        var options = deaf
        options.configure = {
            $0.reconcileAfter = .seconds(3600)
            $0.eventOverlap = .zero
        }
        try await PaymentsSetting.run(options) { setting in
            let stripe = StripeClient(
                StripeClientConfiguration(
                    apiKey: "sk_test_sandbox", baseURL: try await setting.sandbox.baseURL()), logger: .test)
            func payOthers(_ count: Int, _ prefix: String) async throws {
                for number in 0..<count {
                    _ = try await stripe.createPaymentIntent(
                        body: Array(
                            ("amount=500&currency=eur&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card")
                                .utf8), idempotencyKey: "\(prefix)\(number)")
                }
            }
            try await payOthers(150, "a")
            try await eventually("the first 150 are taken") {
                try await setting.number("select count(*) from webhook_event where state = 'ignored'") == 150
            }
            try await eventually("the cursor has moved") {
                try await setting.number("select count(event_id) from stripe_event_cursor") == 1
            }
            try await payOthers(120, "b")
            try await eventually("all 270 are taken") {
                try await setting.number("select count(*) from webhook_event where state = 'ignored'") == 270
            }
        }
    }

    @Test("a cursor that Stripe does not know any more is replaced by the time")
    func replacesCursor() async throws {
        var options = deaf
        options.configure = { $0.reconcileAfter = .seconds(3600) }
        try await PaymentsSetting.run(options) { setting in
            try await setting.pool.query(StripeEventSQL.moveCursor.bind("evt_gone", Date()))
            let order = TestOrder()
            try await setting.place(order)
            let id = try #require(try await setting.reach(order, .pending).paymentIntentID)
            try setting.sandbox.pay(id)
            _ = try await setting.reach(order, .succeeded)
        }
    }

    @Test("open payments are compared with Stripe, even when its events tell nothing")
    func looksAtOpenPayments() async throws {
        var options = deaf
        options.sandbox.faults = [SandboxFault(.serverErrorBefore, target: "events.list", isRemembered: false)]
        try await PaymentsSetting.run(options) { setting in
            let paid = TestOrder()
            let canceled = TestOrder()
            for order in [paid, canceled] { try await setting.place(order) }
            let first = try #require(try await setting.reach(paid, .pending).paymentIntentID)
            let second = try #require(try await setting.reach(canceled, .pending).paymentIntentID)
            try setting.sandbox.pay(first)
            let stripe = StripeClient(
                StripeClientConfiguration(
                    apiKey: "sk_test_sandbox", baseURL: try await setting.sandbox.baseURL()), logger: .test)
            _ = try await stripe.cancelPaymentIntent(second, body: [], idempotencyKey: "by-hand")
            _ = try await setting.reach(paid, .succeeded)
            _ = try await setting.reach(canceled, .cancelled)
            try await setting.expectTold(canceled, "pending", "cancelled")
        }
    }

    @Test("events are kept for as long as configured, those that failed or wait for longer")
    func prunes() async throws {
        var options = deaf
        options.configure = { $0.eventRetention = .seconds(86_400) }
        try await PaymentsSetting.run(options) { setting in
            let insert: Statement = """
                insert into webhook_event (id, type, payload, source, state, stripe_created_at, received_at)
                select 'evt_' || state || age, 'x', '{}', 'webhook', state, now(), now() - age * interval '1 day'
                from unnest(array['processed', 'ignored', 'pending', 'failed']) as state, unnest(array[0, 2]) as age
                """
            try await setting.pool.query(insert.bind())
            try await eventually("the old ones are gone") {
                try await setting.number(
                    "select count(*) from webhook_event where received_at < now() - interval '1 day'")
                    == 2
            }
            #expect(try await setting.number("select count(*) from webhook_event") == 6)
        }
    }

    @Test("refunds that no webhook tells of are followed to their end")
    func followsRefunds() async throws {
        var options = deaf
        options.sandbox.faults = [SandboxFault(.serverErrorBefore, target: "events.list", isRemembered: false)]
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_pendingRefund")
            try await setting.place(order)
            _ = try await setting.reach(order, .succeeded)
            try await setting.hear(order.refundDue())
            try await setting.expectTold(order, "succeeded", "refunded")
        }
    }
}
