import Foundation
import NIOHTTP1
@testable import Payments
import Postgres
import ServiceRuntime
import StripeSandbox
import Testing
import TestSupport

@Suite("Payments over HTTP")
struct PaymentRoutesTests {
    @Test("customers see their own payment, operators all, others nothing")
    func shows() async throws {
        try await PaymentsSetting.run { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder(customer: "ana", paymentMethod: "pm_card_visa")
            try await setting.place(order)
            let payment = try await setting.reach(order, .succeeded)
            let path = "/orders/\(order.id)/payment"
            let own = try await client.get(path, as: "ana", .customer)
            #expect(own.status == 200)
            #expect(own.text("id") == payment.id.uuidString.lowercased())
            #expect(own.text("status") == "succeeded")
            #expect(own.number("amount", "amount") == 2500)
            #expect(own.number("refunded", "amount") == 0)
            #expect(own.text("paymentIntentId") == payment.paymentIntentID)
            #expect(own.flag("payable") == false)
            #expect(!String(decoding: own.body, as: UTF8.self).contains("secret"))
            #expect(try await client.get(path, as: "eva", .customer).status == 404)
            #expect(try await client.get(path, as: "ana", .artisan).status == 403)
            #expect(try await client.get(path, as: "olga", .ops).status == 200)
            #expect(try await client.send(.GET, path, nil, [:]).status == 401)
            #expect(try await client.get("/orders/\(UUID())/payment", as: "olga", .ops).status == 404)
            let history = try await client.get("/payments/\(payment.id)/history", as: "ana", .customer)
            #expect(history.count("items") == 3)
            #expect(history.text("items", "2", "to") == "succeeded")
            #expect(try await client.get("/payments/\(payment.id)/history", as: "eva", .customer).status == 404)
        }
    }

    @Test("the client secret is fetched for the customer alone, and may not be stored")
    func givesSecret() async throws {
        try await PaymentsSetting.run { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder(customer: "ana")
            try await setting.place(order)
            let payment = try await setting.reach(order, .pending)
            let path = "/payments/\(payment.id)/client-secret"
            let answer = try await client.post(path, as: "ana", .customer)
            #expect(answer.status == 200)
            #expect(answer.header("Cache-Control") == "no-store")
            let expected = try setting.sandbox.snapshot().paymentIntents.first?.clientSecret
            #expect(answer.text("clientSecret") == expected)
            #expect(answer.text("status") == "requires_payment_method")
            #expect(try await client.post(path, as: "eva", .customer).status == 404)
            #expect(try await client.post(path, as: "olga", .ops).status == 403)
            try setting.sandbox.setFaults([SandboxFault(.closeBefore)])
            let away = try await client.post(path, as: "ana", .customer)
            #expect(away.status == 503)
            #expect(away.code == "stripe_unavailable")
            try setting.sandbox.setFaults([])
            try setting.sandbox.pay(try #require(payment.paymentIntentID))
            _ = try await setting.reach(order, .succeeded)
            #expect(try await client.post(path, as: "ana", .customer).code == "payment_not_payable")
        }
    }

    @Test("an operator has Stripe asked")
    func reconciles() async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder()
            try await setting.place(order)
            let payment = try await setting.reach(order, .pending)
            try setting.sandbox.pay(try #require(payment.paymentIntentID))
            let path = "/payments/\(payment.id)/reconcile"
            #expect(try await client.post(path, as: "ana", .customer).status == 403)
            #expect(try await client.post(path, as: "olga", .ops).status == 202)
            _ = try await setting.reach(order, .succeeded)
        }
    }

    @Test("operators list Stripe's events and apply one again")
    func replays() async throws {
        try await PaymentsSetting.run { setting in
            let client = PaymentsClient(setting)
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            _ = try await setting.reach(order, .succeeded)
            try await eventually("the events are there") {
                try await setting.number("select count(*) from webhook_event where state <> 'pending'") == 3
            }
            #expect(try await client.get("/webhook-events", as: "ana", .customer).status == 403)
            let all = try await client.get("/webhook-events?limit=2", as: "olga", .ops)
            #expect(all.count("items") == 2)
            let cursor = try #require(all.text("nextCursor"))
            let rest = try await client.get("/webhook-events?limit=2&cursor=\(cursor)", as: "olga", .ops)
            #expect(rest.count("items") == 1)
            let paid = try await client.get("/webhook-events?type=payment_intent.succeeded", as: "olga", .ops)
            #expect(paid.count("items") == 1)
            #expect(paid.text("items", "0", "state") == "processed")
            #expect(try await client.get("/webhook-events?state=odd", as: "olga", .ops).status == 400)
            let id = try #require(paid.text("items", "0", "id"))
            let replayed = try await client.post("/webhook-events/\(id)/replay", as: "olga", .ops)
            #expect(replayed.status == 200)
            #expect(replayed.text("outcome") == "the payment is succeeded")
            #expect(try await client.post("/webhook-events/evt_none/replay", as: "olga", .ops).status == 404)
            #expect(try await setting.types(order) == ["succeeded"])
        }
    }
}
