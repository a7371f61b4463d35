import Contracts
import Foundation
@testable import Payments
import Postgres
import ServiceRuntime
import StripeSandbox
import Testing
import TestSupport

@Suite("Refunds that fail, and what operators do about them")
struct FailedRefundTests {
    /// An order that is paid, and whose first refund fails when the test says so.
    private func withPaid(
        _ method: String = "pm_sandbox_pendingRefundStays", options: PaymentsSetting.Options = .init(),
        _ body: (PaymentsSetting, PaymentsClient, TestOrder, Payment) async throws -> Void
    ) async throws {
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: method)
            try await setting.place(order)
            let payment = try await setting.reach(order, .succeeded)
            try await body(setting, PaymentsClient(setting), order, payment)
        }
    }

    private func unresolved(_ setting: PaymentsSetting) async throws -> Int64 {
        try await setting.number("select count(*) from refund_unresolved")
    }

    private func refundID(_ setting: PaymentsSetting) async throws -> UUID {
        try #require(try await setting.pool.query("select id from refund order by created_at limit 1").first).get(0)
    }

    /// Stripe has so many refunds; the newest ends.
    private func finish(_ setting: PaymentsSetting, count: Int, succeeds: Bool) async throws {
        try await eventually("Stripe has \(count) refunds") { try setting.sandbox.snapshot().refunds.count == count }
        try setting.sandbox.finishRefund(
            try #require(try setting.sandbox.snapshot().refunds.last).id, succeeds: succeeds)
    }

    @Test("one that fails stays visible until a later refund has seen to it")
    func visible() async throws {
        try await withPaid { setting, client, order, payment in
            let path = "/payments/\(payment.id)/refunds"
            _ = try await client.post(path, #"{"amount":700}"#, as: "olga", .ops, key: "k1")
            try await finish(setting, count: 1, succeeds: false)
            try await eventually("it is shown") { try await unresolved(setting) == 1 }
            #expect(try await setting.number("select count(*) from payment_attention where what = 'refund'") == 1)
            let list = try await client.get("/refunds/unresolved", as: "olga", .ops)
            #expect(list.text("items", "0", "orderId") == order.id.uuidString.lowercased())
            #expect(list.number("items", "0", "amount", "amount") == 700)
            #expect(list.text("items", "0", "origin") == "operator")
            #expect(try await client.get("/refunds/unresolved", as: "ana", .customer).status == 403)
            _ = try await client.post(path, #"{"amount":700}"#, as: "olga", .ops, key: "k2")
            try await eventually("it is seen to") { try await unresolved(setting) == 0 }
            // That one fails as well: it is the one to look at.
            try await finish(setting, count: 2, succeeds: false)
            try await eventually("the second is shown") { try await unresolved(setting) == 1 }
            #expect(try await setting.payment(order)?.refunded == 0)
        }
    }

    @Test("one that fails is not hidden by a later refund of less, only once as much has been given back")
    func hiddenByAsMuchOnly() async throws {
        try await withPaid { setting, client, _, payment in
            let path = "/payments/\(payment.id)/refunds"
            _ = try await client.post(path, #"{"amount":700}"#, as: "olga", .ops, key: "k1")
            try await finish(setting, count: 1, succeeds: false)
            try await eventually("it is shown") { try await unresolved(setting) == 1 }
            _ = try await client.post(path, #"{"amount":100}"#, as: "olga", .ops, key: "k2")
            #expect(try await setting.number("select count(*) from refund") == 2)
            #expect(try await unresolved(setting) == 1)
            _ = try await client.post(path, #"{"amount":600}"#, as: "olga", .ops, key: "k3")
            #expect(try await setting.number("select count(*) from refund") == 3)
            #expect(try await unresolved(setting) == 0)
        }
    }

    @Test("of two that fail, a later refund sees to one, and so does what is paid for one of them outside")
    func eachNeedsItsOwn() async throws {
        try await withPaid { setting, client, _, payment in
            let path = "/payments/\(payment.id)/refunds"
            for key in ["k1", "k2"] { _ = try await client.post(path, #"{"amount":700}"#, as: "olga", .ops, key: key) }
            try await eventually("Stripe has both") { try setting.sandbox.snapshot().refunds.count == 2 }
            for refund in try setting.sandbox.snapshot().refunds {
                try setting.sandbox.finishRefund(refund.id, succeeds: false)
            }
            try await eventually("both are shown") { try await unresolved(setting) == 2 }
            _ = try await client.post(path, #"{"amount":700}"#, as: "olga", .ops, key: "k3")
            #expect(try await unresolved(setting) == 1)
            // Another one, which fails alone and is paid outside, changes nothing for the first.
            try await finish(setting, count: 3, succeeds: false)
            try await eventually("two are shown again") { try await unresolved(setting) == 2 }
            // The fourth gives back what one of them, and the third for the other, did not: one is still owed.
            _ = try await client.post(path, #"{"amount":700}"#, as: "olga", .ops, key: "k4")
            #expect(try await unresolved(setting) == 1)
            try await finish(setting, count: 4, succeeds: false)
            try await eventually("two are shown once more") { try await unresolved(setting) == 2 }
            for left in [1, 0] {
                let first = try await setting.pool.query("select id from refund_unresolved limit 1").first
                let id = try #require(first).get(0, as: UUID.self)
                let done = try await client.post(
                    "\(path)/\(id)/resolve", #"{"resolution":"paid_elsewhere","note":"transfer"}"#, as: "olga", .ops)
                #expect(done.status == 200)
                #expect(try await unresolved(setting) == left)
            }
        }
    }

    @Test("one that had succeeded and fails later frees its amount, and its money is not given back twice")
    func failsLate() async throws {
        try await withPaid("pm_card_refundFail") { setting, client, order, payment in
            _ = try await client.post("/payments/\(payment.id)/refunds", as: "olga", .ops, key: "k1")
            try await eventually("it failed") { try await unresolved(setting) == 1 }
            #expect(try await setting.payment(order)?.refunded == 0)
            #expect(try setting.sandbox.snapshot().refunds.map(\.status) == ["failed"])
            // Heard of only once it had failed, it was never told as given back.
            let told = try await setting.types(order)
            #expect(told.contains("refunded") == told.contains("refund-failed"), "\(told)")
        }
    }

    @Test("paid elsewhere: it counts as given back, the order is told, and the saga's refund gives nothing back again")
    func paidElsewhere() async throws {
        try await withPaid { setting, client, order, payment in
            try await setting.hear(order.refundDue("customer_request"))
            try await finish(setting, count: 1, succeeds: false)
            try await eventually("it is shown") { try await unresolved(setting) == 1 }
            let id = try await refundID(setting)
            let path = "/payments/\(payment.id)/refunds/\(id)/resolve"
            let body = #"{"resolution":"paid_elsewhere","note":"transfer 4711"}"#
            let done = try await client.post(path, body, as: "olga", .ops)
            #expect(done.status == 200)
            #expect(done.text("events", "0") == EventType.paymentRefunded)
            #expect(try await unresolved(setting) == 0)
            try await setting.expectTold(order, "succeeded", "refunded")
            #expect(try await setting.told(order).last?.data.amount?.amount == 2500)
            #expect(try await setting.payment(order)?.refunded == 2500)
            // The saga asks again: it hears of it again, and Stripe is not asked.
            try await setting.hear(order.refundDue("customer_request"))
            try await setting.expectTold(order, "succeeded", "refunded", "refunded")
            #expect(try setting.sandbox.snapshot().refunds.count == 1)
            let list = try await client.get("/payments/\(payment.id)/refunds", as: "olga", .ops)
            #expect(list.text("items", "0", "resolution") == "paid_elsewhere")
            #expect(list.text("items", "0", "resolvedBy") == "ops:olga")
            #expect(list.text("items", "0", "resolutionNote") == "transfer 4711")
            #expect(list.text("items", "1", "origin") == "outside")
            #expect(list.text("items", "1", "status") == "succeeded")
            let again = try await client.post(path, body, as: "olga", .ops)
            #expect(again.status == 409 && again.code == "refund_resolved")
        }
    }

    @Test("not owed: it leaves the list, and nothing is told")
    func notOwed() async throws {
        try await withPaid { setting, client, order, payment in
            _ = try await client.post("/payments/\(payment.id)/refunds", #"{"amount":500}"#, as: "olga", .ops, key: "k")
            try await finish(setting, count: 1, succeeds: false)
            try await eventually("it is shown") { try await unresolved(setting) == 1 }
            let operations = PaymentOperations(
                environment: ServiceEnvironment(
                    pool: setting.pool, outbox: setting.service.ledger.outbox, jobs: setting.jobs, logger: .test))
            let id = try await refundID(setting)
            let rehearsed = try await operations.resolveRefund(
                id, as: .notOwed, note: nil, by: "cli:root", isRehearsal: true)
            #expect(rehearsed.isDryRun)
            #expect(try await unresolved(setting) == 1)
            _ = try await operations.resolveRefund(
                id, as: .notOwed, note: "reshipped", by: "cli:root", isRehearsal: false)
            #expect(try await unresolved(setting) == 0)
            #expect(try await setting.types(order) == ["succeeded"])
            #expect(try await setting.payment(order)?.refunded == 0)
        }
    }

    @Test("what cannot be resolved is refused with a code")
    func refuses() async throws {
        try await withPaid { setting, client, order, payment in
            let path = "/payments/\(payment.id)/refunds"
            _ = try await client.post(path, #"{"amount":1500}"#, as: "olga", .ops, key: "k1")
            let id = try await refundID(setting)
            let resolve = "\(path)/\(id)/resolve"
            let body = #"{"resolution":"paid_elsewhere"}"#
            #expect(try await client.post(resolve, body, as: "olga", .ops).code == "refund_not_failed")
            #expect(try await client.post(resolve, body, as: "ana", .customer).status == 403)
            #expect(try await client.post(resolve, #"{"resolution":"lost"}"#, as: "olga", .ops).status == 422)
            #expect(try await client.post("\(path)/\(UUID())/resolve", body, as: "olga", .ops).status == 404)
            #expect(
                try await client.post("/payments/\(UUID())/refunds/\(id)/resolve", body, as: "olga", .ops).status == 404
            )
            try await finish(setting, count: 1, succeeds: false)
            try await eventually("it failed") { try await unresolved(setting) == 1 }
            _ = try await client.post(path, #"{"amount":1500}"#, as: "olga", .ops, key: "k2")
            let tooMuch = try await client.post(resolve, body, as: "olga", .ops)
            #expect(tooMuch.status == 422 && tooMuch.code == "refund_exceeds_charge")
        }
    }

    @Test("many refunds at the same moment never give back more than was charged")
    func concurrent() async throws {
        try await withPaid("pm_card_visa") { setting, client, order, payment in
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        try await client.post(
                            "/payments/\(payment.id)/refunds", #"{"amount":700}"#, as: "olga", .ops, key: "k\(index)"
                        ).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(answers.count { $0 == 202 } == 3 && answers.count { $0 == 422 } == 9)
            try await eventually("all are made") { try setting.sandbox.snapshot().refunds.count == 3 }
            try await setting.expectTold(order, "succeeded", "refunded", "refunded", "refunded")
            #expect(try await setting.payment(order)?.refunded == 2100)
            // The database itself refuses what the code would let through.
            await #expect(throws: PostgresError.self) {
                try await setting.pool.query("update payment set refunded_minor = 2501")
            }
        }
    }

    @Test("what an operator's refund frees by failing, the saga's takes when it asks again")
    func takesWhatIsFreed() async throws {
        try await withPaid { setting, client, order, payment in
            _ = try await client.post("/payments/\(payment.id)/refunds", #"{"amount":700}"#, as: "olga", .ops, key: "k")
            try await eventually("Stripe has it") { try setting.sandbox.snapshot().refunds.count == 1 }
            let first = try #require(try setting.sandbox.snapshot().refunds.first).id
            try await setting.hear(order.refundDue("customer_request"))
            try await finish(setting, count: 2, succeeds: true)
            try await setting.expectTold(order, "succeeded", "refunded")
            try setting.sandbox.finishRefund(first, succeeds: false)
            try await eventually("its amount is free") { try await setting.payment(order)?.refunded == 1800 }
            try await setting.hear(order.refundDue("customer_request"))
            try await finish(setting, count: 3, succeeds: true)
            try await setting.expectTold(order, "succeeded", "refunded", "refunded")
            #expect(try await setting.payment(order)?.refunded == 2500)
            #expect(try await unresolved(setting) == 0)
        }
    }

    @Test(
        "under a key that Stripe may have forgotten nothing is asked again: what was made is looked up",
        arguments: [true, false])
    func oldKey(wasMade: Bool) async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        options.runsJobs = false
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            try await setting.runJobs { _ = try await setting.reach(order, .succeeded) }
            try setting.sandbox.setFaults([SandboxFault(wasMade ? .closeAfter : .closeBefore, target: "refunds.create")]
            )
            try await setting.hear(order.refundDue("customer_request"))
            try await setting.runJobs {
                try await eventually("it was asked for") {
                    try await setting.number("select sends::bigint from stripe_call where kind = 'refund'") >= 1
                }
            }
            let asked = try setting.sandbox.snapshot().requests["refunds.create"] ?? 0
            try setting.sandbox.setFaults([])
            try await setting.pool.query(
                "update stripe_call set created_at = created_at - interval '21 hours' where kind = 'refund'")
            try await setting.runJobs { try await setting.expectTold(order, "succeeded", "refunded") }
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.refunds.map(\.amount) == [2500])
            #expect((snapshot.requests["refunds.create"] ?? 0) == asked + (wasMade ? 0 : 1))
            #expect(
                try await setting.number("select count(*) from stripe_call where kind = 'refund'") == (wasMade ? 1 : 2))
        }
    }

    @Test("the gauge is of what nobody has dealt with")
    func gauge() async throws {
        try await withPaid("pm_sandbox_pendingRefundFails") { setting, client, _, payment in
            _ = try await client.post("/payments/\(payment.id)/refunds", as: "olga", .ops, key: "k1")
            let gauges = PaymentGauges(
                pool: setting.pool, interval: .seconds(60), metrics: setting.service.ledger.metrics, logger: .test)
            try await eventually("it failed") { try await gauges.counts().unresolved == 1 }
        }
    }
}
