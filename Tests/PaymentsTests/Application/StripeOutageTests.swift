import Foundation
import Outbox
import Postgres
import ServiceRuntime
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

@Suite("While Stripe is away")
struct StripeOutageTests {
    private func value(_ name: String, in metrics: PrometheusRegistry) async -> Double {
        await metrics.exposition().split(separator: "\n").filter { $0.hasPrefix(name) }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    @Test("few requests are made, orders wait, a customer is told when to come again; afterwards all payments end")
    func pausesAndGoesOn() async throws {
        let metrics = PrometheusRegistry()
        var options = PaymentsSetting.Options()
        options.metrics = metrics
        try await PaymentsSetting.run(options) { setting in
            let waiting = TestOrder()
            try await setting.place(waiting)
            let payment = try await setting.reach(waiting, .pending)
            let before = try setting.sandbox.snapshot().requests.values.reduce(0, +)

            try setting.sandbox.setFaults([SandboxFault(.closeBefore)])
            let orders = (0..<20).map { _ in TestOrder(paymentMethod: "pm_card_visa") }
            for order in orders { try await setting.place(order) }
            try await eventually("calls have been put off many times", within: .seconds(30)) {
                await value("stripe_unsent_total", in: metrics) >= 200
            }
            #expect(await value("stripe_circuit_open", in: metrics) == 1)
            // Five until it is noticed, those that were under way then, and one at a time afterwards.
            let asked = try setting.sandbox.snapshot().requests.values.reduce(0, +) - before
            #expect(asked < 60, "\(asked) requests")
            #expect(
                try await setting.number("select sum(sends)::bigint from stripe_call where state = 'pending'") <= asked)
            for order in orders { #expect(try await setting.payment(order)?.status == .creating) }
            #expect(try await setting.number("select count(*) from scheduled_job where attempt > 0") == 0)

            let secret = try await PaymentsClient(setting).post(
                "/payments/\(payment.id.lowercased)/client-secret", as: "ana", .customer)
            #expect(secret.status == 503)
            #expect(secret.code == "stripe_unavailable")
            #expect(secret.header("Retry-After").flatMap { Int($0) } ?? 0 >= 1)

            try setting.sandbox.setFaults([])
            for order in orders { _ = try await setting.reach(order, .succeeded) }
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.charges.count == orders.count)
            #expect(snapshot.paymentIntents.count == orders.count + 1)
            #expect(await value("stripe_circuit_open", in: metrics) == 0)
        }
    }

    @Test("a call that was sent and then not repeated is not taken for one that was not sent")
    func tellsTheFirstTry() async throws {
        try await StripeSandboxServer.withServer(
            StripeSandboxConfiguration(faults: [SandboxFault(.closeBefore)])
        ) { server in
            let client = StripeClient(
                StripeClientConfiguration(
                    apiKey: "sk_test_sandbox", baseURL: try await server.baseURL(),
                    retry: StripeRetryPolicy(maxRetries: 3, base: .milliseconds(1), cap: .milliseconds(2)),
                    limits: StripeGateLimits(failures: 2)), logger: .test)
            let body = Array("amount=2500&currency=eur".utf8)
            let sent = try await #require(throws: StripeError.self) {
                try await client.createPaymentIntent(body: body, idempotencyKey: "a")
            }
            #expect(sent.disposition == .unknown)
            let unsent = try await #require(throws: StripeError.self) {
                try await client.createPaymentIntent(body: body, idempotencyKey: "b")
            }
            #expect(unsent.kind == .unavailable)
            #expect(unsent.disposition == .unsent)
            #expect(try #require(unsent.retryAfter) <= .seconds(1))
            #expect(try server.snapshot().requests["payment_intents.create"] == 2)
        }
    }
}
