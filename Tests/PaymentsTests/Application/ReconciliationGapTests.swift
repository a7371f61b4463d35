import Foundation
import Outbox
import Postgres
import ServiceRuntime
import StripeSandbox
import Synchronization
import TestSupport
import Testing

@testable import Payments

@Suite("Reconciliation: what counts as a gap, long absences, jobs that died")
struct ReconciliationGapTests {
    private func deaf(gapAge: Duration) -> PaymentsSetting.Options {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.reconciles = true
        options.metrics = PrometheusRegistry()
        options.configure = {
            $0.reconcileAfter = .seconds(3600)
            $0.gapAge = gapAge
        }
        return options
    }

    private func pay(_ setting: PaymentsSetting) async throws {
        let order = TestOrder()
        try await setting.place(order)
        try setting.sandbox.pay(try #require(try await setting.reach(order, .pending).paymentIntentID))
        _ = try await setting.reach(order, .succeeded)
    }

    @Test("an event that is seconds old is no gap: its webhook may be on its way")
    func forgivesNews() async throws {
        let options = deaf(gapAge: .seconds(60))
        try await PaymentsSetting.run(options) { setting in
            try await pay(setting)
            let text = try await #require(options.metrics).exposition()
            #expect(!text.contains("payment_reconciliation_gaps_total"))
            #expect(text.contains("payment_reconciliation_lag_seconds 0\n"))
        }
    }

    @Test("an older one is a gap; its age is shown until the next run finds nothing")
    func countsOld() async throws {
        // Any age will do: the event may be made after the run that finds it began.
        let options = deaf(gapAge: .seconds(-60))
        try await PaymentsSetting.run(options) { setting in
            try await pay(setting)
            let metrics = try #require(options.metrics)
            try await eventually("the gap is counted, and is over") {
                let text = await metrics.exposition()
                return text.contains("payment_reconciliation_gaps_total{source=\"event\"} 1\n")
                    && text.contains("payment_reconciliation_lag_seconds 0\n")
            }
        }
    }

    @Test("after a long absence every event is taken, oldest first, however many runs that needs")
    func catchesUp() async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.runsJobs = false
        try await PaymentsSetting.run(options) { setting in
            let stripe = StripeClient(
                StripeClientConfiguration(
                    apiKey: "sk_test_sandbox", baseURL: try await setting.sandbox.baseURL()), logger: .test)
            for number in 0..<24 {
                _ = try await stripe.createPaymentIntent(
                    body: Array(
                        "amount=500&currency=eur&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card"
                            .utf8), idempotencyKey: "k\(number)")
            }
            let job = ReconcileEventsJob(
                stripe: stripe,
                events: StripeEventIntake(
                    pool: setting.pool, jobs: setting.jobs, ledger: setting.service.ledger, logger: .test),
                pool: setting.pool, interval: .zero, overlap: .zero, lookback: .seconds(3600), gapAge: .seconds(60),
                livemode: false, logger: .test, maxPages: 2, pageSize: 5)
            var counts: [Int64] = []
            for _ in 0..<4 {
                _ = try await setting.pool.withTransaction { try await job.run([], in: $0) }
                counts.append(try await setting.number("select count(*) from webhook_event"))
            }
            // The oldest, two pages, two pages, what is left.
            #expect(counts == [11, 21, 24, 24])
        }
    }

    /// Fails for good at its first try, until it is told better.
    private struct Dying: JobHandler {
        let job: any JobHandler
        let isWell: Switch

        var kind: String { job.kind }
        var concurrency: Int { job.concurrency }
        var retry: RetryPolicy { isWell.isOn ? job.retry : RetryPolicy(maxAttempts: 1) }

        func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
            guard isWell.isOn else { throw Death() }
            return try await job.run(jobs, in: transaction)
        }
    }

    private struct Death: Error {}

    private final class Switch: Sendable {
        private let state = Atomic(true)
        var isOn: Bool { state.load(ordering: .relaxed) }
        func set(_ on: Bool) { state.store(on, ordering: .relaxed) }
    }

    @Test("a call whose job died for good is made in the end")
    func revives() async throws {
        let isWell = Switch()
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.reconciles = true
        let mortal: Set = [PaymentJobKind.createIntent, PaymentJobKind.cancelIntent, PaymentJobKind.refund]
        options.wrap = { mortal.contains($0.kind) ? Dying(job: $0, isWell: isWell) : $0 }
        try await PaymentsSetting.run(options) { setting in
            let waiting = TestOrder()
            let paid = TestOrder(paymentMethod: "pm_card_visa")
            let made = TestOrder(paymentMethod: "pm_card_visa")
            for order in [waiting, paid] { try await setting.place(order) }
            _ = try await setting.reach(waiting, .pending)
            _ = try await setting.reach(paid, .succeeded)
            isWell.set(false)
            try await setting.place(made)
            try await setting.hear(waiting.cancelled(), paid.refundDue())
            try await eventually("three jobs are dead") {
                try await setting.number("select count(*) from scheduled_job where state = 'dead'") >= 3
            }
            isWell.set(true)
            _ = try await setting.reach(made, .succeeded)
            _ = try await setting.reach(waiting, .cancelled)
            try await setting.expectTold(paid, "succeeded", "refunded")
            #expect(try setting.sandbox.snapshot().charges.count == 2)
        }
    }
}
