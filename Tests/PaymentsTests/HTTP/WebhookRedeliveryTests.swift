import Foundation
import Postgres
import TestSupport
import Testing

@testable import Payments

@Suite("Webhooks that could not be applied")
struct WebhookRedeliveryTests {
    private static let obstruct: [Statement] = [
        """
        create function obstruct() returns trigger language plpgsql as $$ begin raise exception 'in the way'; end $$
        """,
        "create trigger obstruct before insert on payment_history for each row execute function obstruct()",
    ]

    @Test("one that failed is kept with its error, and applied when Stripe delivers it again; then it is a duplicate")
    func takesItAgain() async throws {
        try await PaymentsSetting.run(.quiet) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder()
            try await setting.place(order)
            var intent: String?
            try await setting.runJobs { intent = try await setting.reach(order, .pending).paymentIntentID }
            let json = TestEvent.intent(
                "payment_intent.succeeded", id: "evt_1", intent: try #require(intent), order: order,
                status: "succeeded", received: 2500)

            for statement in Self.obstruct { try await setting.pool.query(statement.bind()) }
            for _ in 0..<2 {
                #expect(try await client.deliver(json).status == 500)
                #expect(
                    try await setting.number(
                        "select count(*) from webhook_event where state = 'failed' and error like '%in the way%'") == 1)
            }
            #expect(try await setting.payment(order)?.status == .pending)
            #expect(try await setting.types(order) == ["pending"])

            try await setting.pool.query(Statement("drop trigger obstruct on payment_history").bind())
            let again = try await client.deliver(json)
            #expect(again.status == 200)
            #expect(again.flag("duplicate") == false)
            #expect(try await setting.payment(order)?.status == .succeeded)
            #expect(try await setting.types(order) == ["pending", "succeeded"])
            #expect(try await client.deliver(json).flag("duplicate") == true)
            #expect(
                try await setting.number(
                    "select count(*) from webhook_event where state = 'processed' and error is null") == 1)
        }
    }
}
