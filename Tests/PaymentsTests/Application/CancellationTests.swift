import Contracts
import Foundation
@testable import Payments
import Postgres
import StripeSandbox
import Testing
import TestSupport

@Suite("Cancelling payments, against the sandbox")
struct CancellationTests {
    @Test("an order that ends without a PaymentIntent is answered at once, and none is ever made")
    func neverMakesOne() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.hear(order.created(), order.cancelled("out_of_stock"), order.reserved())
            try await setting.expectTold(order, "cancelled")
            #expect(try await setting.told(order).first?.data.reason == "out_of_stock")
            #expect(try setting.sandbox.snapshot().paymentIntents.isEmpty)
            // An order that was never heard of before its end.
            let unknown = TestOrder()
            try await setting.hear(unknown.failed("stock_timeout"))
            try await setting.expectTold(unknown, "cancelled")
        }
    }

    @Test("the PaymentIntent is cancelled before that is told", arguments: [true, false])
    func cancels(byDeadline: Bool) async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder()
            try await setting.place(order)
            _ = try await setting.reach(order, .pending)
            try await setting.hear(byDeadline ? order.overdue() : order.cancelled())
            _ = try await setting.reach(order, .cancelled)
            try await setting.expectTold(order, "pending", "cancelled")
            #expect(
                try await setting.told(order).last?.data.reason
                    == (byDeadline ? "payment_overdue" : "customer_request"))
            let intent = try #require(try setting.sandbox.snapshot().paymentIntents.first)
            #expect(intent.status == "canceled")
            #expect(intent.cancellationReason == (byDeadline ? "abandoned" : "requested_by_customer"))
            // After the deadline the order fails, which is asked of us too.
            if byDeadline {
                try await setting.hear(order.failed())
                try await setting.expectTold(order, "pending", "cancelled", "cancelled")
            }
        }
    }

    @Test("an order that ends before its PaymentIntent was asked for is not charged")
    func endsBefore() async throws {
        var options = PaymentsSetting.Options()
        options.runsJobs = false
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            try await setting.hear(order.cancelled())
            #expect(try await setting.types(order) == [])
            try await setting.runJobs {
                _ = try await setting.reach(order, .cancelled)
            }
            // It is asked for all the same: a process that was killed may have asked before, and nothing here would tell.
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.paymentIntents.map(\.status) == ["canceled"] && snapshot.charges.isEmpty)
            #expect(try await setting.number("select count(*) from stripe_call where state = 'withdrawn'") == 1)
            try await setting.expectTold(order, "cancelled")
        }
    }

    @Test(
        "an order that ends while its PaymentIntent is being made is not confirmed, and the PaymentIntent is cancelled")
    func cancelsWhatWasBeingMade() async throws {
        var options = PaymentsSetting.Options()
        options.sandbox.faults = [
            SandboxFault(.latency, target: "payment_intents.create", milliseconds: 500...500)
        ]
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            try await eventually("the call is under way") {
                try setting.sandbox.snapshot().requests["payment_intents.create"] == 1
            }
            try await setting.hear(order.cancelled())
            _ = try await setting.reach(order, .cancelled)
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.charges.isEmpty)
            #expect(snapshot.paymentIntents.map(\.status) == ["canceled"])
            try await setting.expectTold(order, "cancelled")
        }
    }

    @Test("an order that ends while its confirmation gets no answer is not confirmed again")
    func givesConfirmationUp() async throws {
        var options = PaymentsSetting.Options()
        options.sandbox.faults = [SandboxFault(.closeBefore, target: "payment_intents.confirm")]
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            _ = try await setting.reach(order, .pending)
            try await setting.hear(order.cancelled())
            _ = try await setting.reach(order, .cancelled)
            try setting.sandbox.setFaults([])
            try await eventually("no call is left") {
                try await setting.number("select count(*) from stripe_call where state = 'pending'") == 0
            }
            let snapshot = try setting.sandbox.snapshot()
            #expect(snapshot.charges.isEmpty)
            #expect(snapshot.paymentIntents.map(\.status) == ["canceled"])
        }
    }

    @Test("what has succeeded is told again when the deadline asks, and not cancelled")
    func tellsSuccessAgain() async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_card_visa")
            try await setting.place(order)
            _ = try await setting.reach(order, .succeeded)
            try await setting.hear(order.overdue(), order.failed())
            try await setting.expectTold(order, "succeeded", "succeeded")
            #expect(try await setting.payment(order)?.status == .succeeded)
        }
    }

    @Test("the customer paid just before the cancellation: that is what is told")
    func losesTheRace() async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder()
            try await setting.place(order)
            let id = try #require(try await setting.reach(order, .pending).paymentIntentID)
            try setting.sandbox.pay(id)
            try await setting.hear(order.overdue())
            _ = try await setting.reach(order, .succeeded)
            try await setting.expectTold(order, "pending", "succeeded")
        }
    }

    @Test(
        "what is being processed cannot be cancelled: the saga is told, each time; its end follows",
        arguments: [true, false])
    func waitsForProcessing(succeeds: Bool) async throws {
        try await PaymentsSetting.run { setting in
            let order = TestOrder(paymentMethod: "pm_sandbox_processing")
            try await setting.place(order)
            let id = try #require(try await setting.reach(order, .processing).paymentIntentID)
            try await setting.expectTold(order, "pending")
            try await setting.hear(order.overdue())
            try await setting.expectTold(order, "pending", "pending")
            #expect(try await setting.told(order).last?.data.status == "processing")
            try await setting.hear(order.overdue())
            try await setting.expectTold(order, "pending", "pending", "pending")
            try setting.sandbox.finishProcessing(id, succeeds: succeeds)
            // Failed: the time was up, so there is no other try. The PaymentIntent is cancelled.
            _ = try await setting.reach(order, succeeds ? .succeeded : .cancelled)
            try await setting.expectTold(
                order, "pending", "pending", "pending", succeeds ? "succeeded" : "cancelled")
        }
    }

    @Test("a PaymentIntent that Stripe does not know any more ends the payment, with an alert")
    func endsWhatIsLost() async throws {
        var options = PaymentsSetting.Options()
        options.hasWebhooks = false
        try await PaymentsSetting.run(options) { setting in
            let order = TestOrder()
            try await setting.place(order)
            _ = try await setting.reach(order, .pending)
            setting.sandbox.reset()
            try await setting.hear(order.overdue())
            let payment = try await setting.reach(order, .cancelled)
            #expect(payment.alert == "payment_intent_missing")
            try await setting.expectTold(order, "pending", "cancelled")
            #expect(try await setting.number("select count(*) from payment_attention") == 1)
        }
    }
}
