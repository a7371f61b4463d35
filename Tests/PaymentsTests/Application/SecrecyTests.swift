import Foundation
import Outbox
import Postgres
import ServiceRuntime
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

@Suite("The client secret is handed to the customer, and is nowhere else")
struct SecrecyTests {
    /// Every row of every table, as text.
    private static let everything: Statement = """
        select t.name || coalesce(x.content, '')
        from (
            select c.oid::regclass::text as name
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition
        ) t
        cross join lateral (
            select query_to_xml(format('select * from %s', t.name), true, false, '')::text as content
        ) x
        """

    @Test("neither in the database, nor in an event, nor in the log at its finest")
    func staysSecret() async throws {
        let log = RecordedLog()
        var options = PaymentsSetting.Options()
        options.logger = log.logger
        options.reconciles = true
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder()
            let declined = TestOrder(paymentMethod: "pm_card_chargeDeclined")
            for placed in [order, declined] { try await setting.place(placed) }
            let payment = try await setting.reach(order, .pending)
            _ = try await setting.reach(declined, .failed)
            let answer = try await client.post("/payments/\(payment.id.lowercased)/client-secret", as: "ana", .customer)
            let secret = try #require(answer.text("clientSecret"))
            #expect(answer.header("Cache-Control") == "no-store")
            try setting.sandbox.pay(try #require(payment.paymentIntentID))
            _ = try await setting.reach(order, .succeeded)
            try await setting.hear(order.refundDue())
            try await setting.expectTold(order, "pending", "succeeded", "refunded")
            try await eventually("all events are delivered") {
                try setting.sandbox.snapshot().events.allSatisfy(\.isDelivered)
            }

            let kept = try await setting.pool.query(Self.everything.bind()).map { try $0.get(0, as: String.self) }
            #expect(kept.contains { $0.hasPrefix("webhook_event") && $0.contains("payment_intent.succeeded") })
            #expect(kept.contains { $0.hasPrefix("outbox") && $0.contains("payment.succeeded.v1") })
            #expect(log.lines.contains { $0.contains("stripe event taken") })
            for word in [secret, "_secret_", PaymentsSetting.secret, "sk_test_sandbox"] {
                for table in kept { #expect(!table.contains(word), "\(word) in \(table.prefix(40))") }
                for line in log.lines { #expect(!line.contains(word), "\(word) in the log: \(line.prefix(80))") }
            }
        }
    }
}
