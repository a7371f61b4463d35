import CoreMetrics
import Foundation
import Postgres
import ServiceRuntime
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

@Suite("Payment metrics")
struct PaymentMetricsTests {
    /// The lines of a metric.
    private func lines(_ name: String, _ metrics: PrometheusRegistry) async -> [String] {
        await metrics.exposition().split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
    }

    @Test("the rates are of the last thousand payments")
    func windows() async {
        let registry = PrometheusRegistry()
        await withMetricsFactory(registry) {
            let metrics = PaymentMetrics()
            metrics.ended(succeeded: true)
            #expect(await lines("payment_success_rate", registry) == ["payment_success_rate 1"])
            for _ in 0..<3 { metrics.ended(succeeded: false) }
            #expect(await lines("payment_success_rate", registry) == ["payment_success_rate 0.25"])
            #expect(await lines("payment_failed_rate", registry) == ["payment_failed_rate 0.75"])
            for _ in 0..<1_000 { metrics.ended(succeeded: true) }
            #expect(await lines("payment_success_rate", registry) == ["payment_success_rate 1"])
            #expect(await lines("payment_failed_rate", registry) == ["payment_failed_rate 0"])
            #expect(
                await lines("payment_ended_total", registry) == [
                    #"payment_ended_total{outcome="failed"} 3"#, #"payment_ended_total{outcome="succeeded"} 1001"#,
                ])
        }
    }

    @Test("payments that end move the rates")
    func rates() async throws {
        let registry = PrometheusRegistry()
        var options = PaymentsSetting.Options()
        options.metrics = registry
        try await PaymentsSetting.run(options) { setting in
            let paid = TestOrder(paymentMethod: "pm_card_visa")
            let declined = TestOrder(paymentMethod: "pm_card_chargeDeclined")
            try await setting.place(paid)
            _ = try await setting.reach(paid, .succeeded)
            try await eventually("one of one") {
                await lines("payment_success_rate", registry) == ["payment_success_rate 1"]
            }
            try await setting.place(declined)
            _ = try await setting.reach(declined, .failed)
            try await eventually("one of two") {
                await lines("payment_success_rate", registry) == ["payment_success_rate 0.5"]
            }
            #expect(await lines("payment_failed_rate", registry) == ["payment_failed_rate 0.5"])
        }
    }

    @Test("webhooks are counted by type and outcome, those that are refused too")
    func webhooks() async throws {
        let registry = PrometheusRegistry()
        let log = RecordedLog()
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.runsJobs = false
        options.metrics = registry
        options.logger = log.logger
        try await PaymentsSetting.run(options) { setting in
            let client = PaymentsClient(setting)
            let json = TestEvent.intent(
                "payment_intent.succeeded", intent: "pi_1", order: TestOrder(), status: "succeeded")
            let other = #"{"id":"e","object":"event","created":1,"livemode":false,"type":"x.y","data":{"object":{}}}"#
            let large = [UInt8](repeating: 0x20, count: 256 * 1024 + 1)
            var statuses = [
                try await client.deliver(json).status, try await client.deliver(json).status,
                try await client.deliver(other).status,
                try await client.deliver(Array(json.utf8), secret: "whsec_wrong").status,
                try await client.deliver("{}").status, try await client.deliver(large).status,
            ]
            await setting.pool.close()
            statuses.append(try await client.deliver(json).status)
            #expect(statuses == [200, 200, 200, 400, 400, 413, 503])
            #expect(
                await lines("webhook_processed_total", registry) == [
                    #"webhook_processed_total{outcome="content_too_large",type="other"} 1"#,
                    #"webhook_processed_total{outcome="duplicate",type="payment_intent.succeeded"} 1"#,
                    #"webhook_processed_total{outcome="event_malformed",type="other"} 1"#,
                    #"webhook_processed_total{outcome="ignored",type="other"} 1"#,
                    #"webhook_processed_total{outcome="pending",type="payment_intent.succeeded"} 1"#,
                    #"webhook_processed_total{outcome="signature_mismatch",type="other"} 1"#,
                    #"webhook_processed_total{outcome="unavailable",type="payment_intent.succeeded"} 1"#,
                ])
            for word in ["content_too_large", "signature_mismatch", "event_malformed", "unavailable"] {
                #expect(log.lines.contains { $0.hasPrefix("warning") && $0.contains(word) }, "\(word)")
            }
        }
    }

    @Test(
        "requests to Stripe are timed by operation, and by the kind of error",
        arguments: [
            (nil, "ok"), (.serverErrorBefore, "api"), (.closeBefore, "connection"), (.hangBefore, "timeout"),
            (.rateLimit, "rateLimited"),
        ] as [(SandboxFault.Effect?, String)])
    func timesCalls(effect: SandboxFault.Effect?, outcome: String) async throws {
        let registry = PrometheusRegistry()
        try await withMetricsFactory(registry) {
            try await StripeSandboxServer.withServer { server in
                try server.setFaults(effect.map { [SandboxFault($0)] } ?? [])
                let client = StripeClient(
                    StripeClientConfiguration(
                        apiKey: "sk_test_sandbox", baseURL: try await server.baseURL(),
                        requestTimeout: .milliseconds(effect == .hangBefore ? 200 : 5_000),
                        retry: StripeRetryPolicy(maxRetries: 0)), logger: .test)
                _ = try? await client.createPaymentIntent(
                    body: Array("amount=2500&currency=eur".utf8), idempotencyKey: "a")
            }
            #expect(
                await lines("stripe_call_duration_seconds_count", registry) == [
                    #"stripe_call_duration_seconds_count{operation="payment_intents.create",outcome="\#(outcome)"} 1"#
                ])
            #expect(await lines("stripe_requests_in_flight", registry) == ["stripe_requests_in_flight 0"])
        }
    }
}
