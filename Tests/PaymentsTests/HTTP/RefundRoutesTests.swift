import Foundation
@testable import Payments
import ServiceRuntime
import StripeSandbox
import Testing
import TestSupport

@Suite("Refunds over HTTP")
struct RefundRoutesTests {
    private func withPaid(
        _ body: (PaymentsSetting, PaymentsClient, TestOrder, String) async throws -> Void
    ) async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            let payment = try await setting.reach(order, .succeeded)
            try await body(setting, PaymentsClient(setting), order, "/payments/\(payment.id)/refunds")
        }
    }

    @Test("operators give a part back, and the rest; never more than was charged")
    func refunds() async throws {
        try await withPaid { setting, client, order, path in
            let first = try await client.post(
                path, #"{"amount":1000,"reason":"requested_by_customer"}"#, as: "olga", .ops, key: "k1")
            #expect(first.status == 202)
            #expect(first.text("status") == "requested")
            #expect(first.number("amount", "amount") == 1000)
            try await setting.expectTold(order, "succeeded", "refunded")
            let tooMuch = try await client.post(path, #"{"amount":1501}"#, as: "olga", .ops, key: "k2")
            #expect(tooMuch.status == 422)
            #expect(tooMuch.code == "refund_exceeds_charge")
            #expect(tooMuch.number("refundable", "amount") == 1500)
            let rest = try await client.post(path, as: "olga", .ops, key: "k3")
            #expect(rest.number("amount", "amount") == 1500)
            try await setting.expectTold(order, "succeeded", "refunded", "refunded")
            let list = try await client.get(path, as: "olga", .ops)
            #expect(list.count("items") == 2)
            #expect(list.text("items", "0", "status") == "succeeded")
            #expect(try await client.post(path, as: "olga", .ops, key: "k4").code == "refund_exceeds_charge")
            #expect(try setting.sandbox.snapshot().refunds.map(\.amount) == [1000, 1500])
        }
    }

    @Test("the same key refunds once, and another body under it is refused")
    func refundsOnce() async throws {
        try await withPaid { setting, client, order, path in
            let first = try await client.post(path, #"{"amount":100}"#, as: "olga", .ops, key: "k")
            let second = try await client.post(path, #"{"amount":100}"#, as: "olga", .ops, key: "k")
            #expect(second.status == 202)
            #expect(second.header("Idempotent-Replayed") == "true")
            #expect(second.body == first.body)
            #expect(try await client.post(path, #"{"amount":200}"#, as: "olga", .ops, key: "k").status == 422)
            try await setting.expectTold(order, "succeeded", "refunded")
            #expect(try setting.sandbox.snapshot().refunds.count == 1)
        }
    }

    @Test("who may not, and what makes no sense, is refused")
    func refuses() async throws {
        try await withPaid { _, client, _, path async throws in
            #expect(try await client.post(path, "{}", as: "ana", .customer, key: "k").status == 403)
            #expect(try await client.get(path, as: "ana", .customer).status == 403)
            #expect(try await client.post(path, "{}", as: "olga", .ops).code == "idempotency_key_missing")
            for body in [#"{"amount":0}"#, #"{"amount":-5}"#, #"{"reason":"Because!"}"#, #"{"amount":"many"}"#] {
                #expect(try await client.post(path, body, as: "olga", .ops, key: "k").status == 422)
            }
            let none = "/payments/\(UUID())/refunds"
            #expect(try await client.post(none, as: "olga", .ops, key: "k").status == 404)
            #expect(try await client.get(none, as: "olga", .ops).status == 404)
        }
    }

    @Test("what was not charged is not given back")
    func refusesUncharged() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder()
            try await setting.place(order)
            let payment = try await setting.reach(order, .pending)
            let answer = try await PaymentsClient(setting).post(
                "/payments/\(payment.id)/refunds", as: "olga", .ops, key: "k")
            #expect(answer.status == 409)
            #expect(answer.code == "payment_not_charged")
        }
    }
}
