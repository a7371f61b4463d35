import Foundation
import Outbox
import Postgres
import StripeSandbox
import Synchronization
import TestSupport
import Testing

@testable import Payments

@Suite("Crashes and lost answers: never two PaymentIntents, charges or refunds")
struct CrashTests {
    /// Runs the job and then fails, as often as told: what the process had learned is lost with its transaction.
    private struct Crashing: JobHandler {
        let job: any JobHandler
        let left: Crashes

        var kind: String { job.kind }
        var concurrency: Int { job.concurrency }
        var retry: RetryPolicy { RetryPolicy(maxAttempts: 100, base: .milliseconds(5), cap: .milliseconds(20)) }

        func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
            let outcome = try await job.run(jobs, in: transaction)
            if left.take(kind) { throw Crash() }
            return outcome
        }
    }

    private final class Crashes: Sendable {
        private let left: Mutex<[String: Int]>
        init(_ times: [String: Int]) { left = Mutex(times) }

        func take(_ kind: String) -> Bool {
            left.withLock { left in
                guard let times = left[kind], times > 0 else { return false }
                left[kind] = times - 1
                return true
            }
        }

        var isOver: Bool { left.withLock { $0.values.allSatisfy { $0 == 0 } } }
    }

    private struct Crash: Error {}

    private func options(crashing times: [String: Int], faults: [SandboxFault] = []) -> (
        PaymentsSetting.Options, Crashes
    ) {
        let crashes = Crashes(times)
        var options = PaymentsSetting.Options()
        options.sandbox.faults = faults
        options.wrap = { Crashing(job: $0, left: crashes) }
        return (options, crashes)
    }

    @Test(
        "a crash between the call and its answer's commit repeats the call with its key",
        arguments: [
            "pm_card_visa", "pm_card_chargeDeclined", nil,
        ])
    func repeatsCreation(method: String?) async throws {
        let (options, crashes) = options(crashing: [PaymentJobKind.createIntent: 3])
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: method)
            try await setting.place(order)
            let end: PaymentStatus = method == nil ? .pending : method == "pm_card_visa" ? .succeeded : .failed
            _ = try await setting.reach(order, end)
            #expect(crashes.isOver)
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.paymentIntents.count == 1)
            #expect(snapshot.charges.count == (method == nil ? 0 : 1))
            #expect(snapshot.replays >= 3)
            #expect(try await setting.types(order).count == 1)
        }
    }

    /// The first run is killed when Stripe has done its work; what comes after it waits for a word.
    private struct KilledOnce: JobHandler {
        let job: any JobHandler
        let progress: Progress

        var kind: String { job.kind }
        var retry: RetryPolicy { RetryPolicy(maxAttempts: 1_000, base: .milliseconds(5), cap: .milliseconds(20)) }

        func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
            guard job.kind == PaymentJobKind.createIntent, !progress.goesOn else {
                return try await job.run(jobs, in: transaction)
            }
            if !progress.isKilled {
                _ = try await job.run(jobs, in: transaction)
                progress.kill()
            }
            throw Crash()
        }
    }

    private final class Progress: Sendable {
        private let state = Mutex((isKilled: false, goesOn: false))
        var isKilled: Bool { state.withLock { $0.isKilled } }
        var goesOn: Bool { state.withLock { $0.goesOn } }
        func kill() { state.withLock { $0.isKilled = true } }
        func goOn() { state.withLock { $0.goesOn = true } }
    }

    @Test("a charge that only a killed process knew of is found when the order has ended meanwhile")
    func findsTheCharge() async throws {
        let progress = Progress()
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.wrap = { KilledOnce(job: $0, progress: progress) }
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            try await eventually("Stripe has charged, and the process is killed") { progress.isKilled }
            try await setting.hear(order.cancelled())
            #expect(try setting.sandbox.snapshot().charges.count == 1)
            #expect(try await setting.types(order) == [])
            progress.goOn()
            // The saga hears of the money, and asks for it back.
            try await setting.expectTold(order, "succeeded")
            try await setting.hear(order.refundDue("customer_request"))
            try await setting.expectTold(order, "succeeded", "refunded")
            let id = order.id.uuidString.lowercased()
            #expect(try setting.sandbox.snapshot().netCharged(metadata: "order_id", id) == 0)
        }
    }

    @Test("a crash while cancelling, and while refunding, repeats the call with its key")
    func repeatsTheRest() async throws {
        let (options, crashes) = options(crashing: [PaymentJobKind.cancelIntent: 2, PaymentJobKind.refund: 2])
        try await PaymentsSetting.run(options) { setting in
            let waiting = TestOrder()
            let paid = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(waiting)
            try await setting.place(paid)
            _ = try await setting.reach(waiting, .pending)
            _ = try await setting.reach(paid, .succeeded)
            try await setting.hear(waiting.cancelled(), paid.refundDue())
            _ = try await setting.reach(waiting, .cancelled)
            try await setting.expectTold(paid, "succeeded", "refunded")
            // A webhook may have told it before the job came through.
            try await eventually("all crashes took place") { crashes.isOver }
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.refunds.map(\.amount) == [2500])
            #expect(snapshot.charges.first?.amountRefunded == 2500)
        }
    }

    @Test(
        "answers that are lost or late are asked for again with the same key",
        arguments: [
            SandboxFault(.closeAfter, count: 4), SandboxFault(.closeBefore, count: 4),
            SandboxFault(.hangAfter, count: 2), SandboxFault(.rateLimit, count: 6),
            SandboxFault(.serverErrorAfter, count: 4, status: 503, isRemembered: false),
        ])
    func survivesLostAnswers(fault: SandboxFault) async throws {
        var options = PaymentsSetting.Options()
        options.sandbox.faults = [fault]
        options.configure = { $0.stripe.requestTimeout = .milliseconds(300) }
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            _ = try await setting.reach(order, .succeeded)
            try await setting.hear(order.refundDue())
            try await eventually("the money is back", within: .seconds(20)) {
                try await setting.types(order).last == "refunded"
            }
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.charges.count == 1)
            #expect(snapshot.paymentIntents.count == 1)
            #expect(snapshot.refunds.count == 1)
        }
    }

    @Test(
        "a failure that the key keeps is looked up, and only what did not take place is done anew",
        arguments: [
            (SandboxFault(.serverErrorAfter, target: "payment_intents.create", count: 1), 1),
            (SandboxFault(.serverErrorBefore, target: "payment_intents.create", count: 2), 1),
            (SandboxFault(.serverErrorAfter, target: "payment_intents.confirm", count: 1), 1),
            (SandboxFault(.serverErrorBefore, target: "payment_intents.confirm", count: 2), 1),
            (SandboxFault(.serverErrorAfter, target: "refunds.create", count: 1), 1),
            (SandboxFault(.serverErrorBefore, target: "refunds.create", count: 2), 1),
        ])
    func looksUpKeptFailures(fault: SandboxFault, intents: Int) async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.sandbox.faults = [fault]
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            _ = try await setting.reach(order, .succeeded)
            try await setting.hear(order.refundDue())
            try await eventually("the money is back", within: .seconds(20)) {
                try await setting.types(order).last == "refunded"
            }
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.paymentIntents.count == intents)
            #expect(snapshot.charges.count == 1)
            #expect(snapshot.refunds.count == 1)
            try await eventually("no call is left") {
                try await setting.number("select count(*) from stripe_call where state = 'pending'") == 0
            }
        }
    }

    @Test(
        "a failed cancellation that the key keeps is looked up too",
        arguments: [
            SandboxFault(.serverErrorAfter, target: "payment_intents.cancel", count: 1),
            SandboxFault(.serverErrorBefore, target: "payment_intents.cancel", count: 2),
        ])
    func looksUpCancellations(fault: SandboxFault) async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.sandbox.faults = [fault]
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder()
            try await setting.place(order)
            _ = try await setting.reach(order, .pending)
            try await setting.hear(order.cancelled())
            _ = try await setting.reach(order, .cancelled)
            try await setting.expectTold(order, "pending", "cancelled")
            #expect(try setting.sandbox.snapshot().paymentIntents.map(\.status) == ["canceled"])
        }
    }

    @Test("while Stripe is away everything waits, and then goes on")
    func survivesOutage() async throws {
        var options = PaymentsSetting.Options()
        options.sandbox.faults = [SandboxFault(.closeBefore)]
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            try await eventually("it was tried a few times") {
                try await setting.number("select coalesce(max(sends), 0)::bigint from stripe_call") >= 3
            }
            #expect(try await setting.payment(order)?.status == .creating)
            #expect(try await setting.types(order) == [])
            try setting.sandbox.setFaults([])
            _ = try await setting.reach(order, .succeeded)
        }
    }
}
