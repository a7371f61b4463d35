import Contracts
import Foundation
import Outbox
import Testing

@testable import Payments

@Suite("What is done about an event of Stripe's")
struct StripeEventRuleTests {
    private func payment(
        _ status: PaymentStatus, stripe: StripePaymentIntent.Status? = nil
    ) -> Payment {
        var payment = Payment(id: .v7(), orderID: .v7(), sagaID: .v7(), status: status)
        payment.paymentIntentID = "pi_1"
        payment.stripeStatus = stripe
        return payment
    }

    private func event(
        _ type: String, _ status: StripePaymentIntent.Status,
        metadata: [String: String] = ["order_id": UUID().uuidString]
    ) -> StripeEvent {
        event(
            type,
            .paymentIntent(
                StripePaymentIntent(id: "pi_1", status: status, amount: 5, currency: "eur", metadata: metadata)))
    }

    private func event(_ type: String, _ subject: StripeEvent.Subject, isThin: Bool = false) -> StripeEvent {
        StripeEvent(id: "evt_1", type: type, created: Date(), livemode: false, isThin: isThin, subject: subject)
    }

    private func decide(
        _ event: StripeEvent, _ payment: Payment?, counted: Bool = false
    ) -> StripeEventAction {
        StripeEventRule.decide(event, .init(payment: payment, isFailureCounted: counted))
    }

    @Test("a type that is not handled is ignored, known or not")
    func ignoresTypes() {
        #expect(decide(event("payment_intent.created", .requiresPaymentMethod), nil) == .ignore("type not handled"))
        #expect(
            decide(event("customer.created", .named(kind: "customer", id: "c")), nil) == .ignore("type not handled"))
    }

    @Test("a PaymentIntent that is not known waits; one that is nobody's of ours does not")
    func waits() {
        #expect(decide(event("payment_intent.succeeded", .succeeded), nil) == .wait)
        for metadata in [[:], ["order_id": "4711"]] {
            #expect(
                decide(event("payment_intent.succeeded", .succeeded, metadata: metadata), nil)
                    == .ignore("not of this service"))
        }
    }

    @Test("what is final is taken from the event, once")
    func appliesFinals() {
        let succeeded = event("payment_intent.succeeded", .succeeded)
        guard case .apply = decide(succeeded, payment(.pending)) else {
            Issue.record("a success is applied")
            return
        }
        #expect(decide(succeeded, payment(.succeeded)) == .known("the payment is succeeded"))
        guard case .apply = decide(event("payment_intent.canceled", .canceled), payment(.failed)) else {
            Issue.record("a cancellation is applied")
            return
        }
        // Money that comes after all is never passed over.
        guard case .apply = decide(succeeded, payment(.cancelled)) else {
            Issue.record("a late success is applied")
            return
        }
    }

    @Test("a failure is looked up, unless it is counted, or the payment has ended")
    func readsFailures() {
        let failed = event("payment_intent.payment_failed", .requiresPaymentMethod)
        #expect(decide(failed, payment(.pending)) == .read)
        #expect(decide(failed, payment(.pending), counted: true) == .known("the try is counted"))
        #expect(decide(failed, payment(.succeeded)) == .known("the payment is succeeded"))
    }

    @Test("another status is looked up, unless it is known")
    func readsStatus() {
        let processing = event("payment_intent.processing", .processing)
        #expect(decide(processing, payment(.pending, stripe: .requiresAction)) == .read)
        #expect(decide(processing, payment(.processing, stripe: .processing)) == .known("it is processing"))
    }

    @Test("a snapshot that is not what its type says is looked up")
    func readsOddities() {
        #expect(decide(event("payment_intent.succeeded", .processing), payment(.pending)) == .read)
    }

    @Test("a thin event is looked up, unless the payment has ended")
    func readsThin() {
        let thin = event("payment_intent.succeeded", .named(kind: "payment_intent", id: "pi_1"), isThin: true)
        #expect(decide(thin, payment(.pending)) == .read)
        #expect(decide(thin, payment(.cancelled)) == .read)
        #expect(decide(thin, payment(.succeeded)) == .known("the payment has ended"))
    }

    @Test("a refund is looked up, unless its status is known")
    func readsRefunds() {
        let refund = event(
            "refund.updated",
            .refund(StripeRefund(id: "re_1", status: .succeeded, amount: 5, currency: "eur", paymentIntent: "pi_1")))
        var known = StripeEventRule.Knowledge(payment: payment(.succeeded), refundStatus: .pending)
        #expect(StripeEventRule.decide(refund, known) == .read)
        known.refundStatus = .succeeded
        #expect(StripeEventRule.decide(refund, known) == .known("refund is succeeded"))
        let charge = event("charge.refunded", .charge(id: "ch_1", paymentIntent: "pi_1", amountRefunded: 5))
        known.refundedSoFar = 5
        #expect(StripeEventRule.decide(charge, known) == .known("refunds are known"))
        known.refundedSoFar = 0
        #expect(StripeEventRule.decide(charge, known) == .read)
    }
}
