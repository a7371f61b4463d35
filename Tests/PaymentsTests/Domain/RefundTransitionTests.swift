import Contracts
import Outbox
import Testing

@testable import Payments

@Suite("Refund transitions")
struct RefundTransitionTests {
    private func refund(_ status: RefundStatus) -> Refund {
        Refund(
            id: .v7(), paymentID: .v7(), amount: Money(amount: 500, currency: "EUR"), reason: "late_payment",
            origin: .order, status: status)
    }

    private func stripe(_ status: StripeRefund.Status) -> StripeRefund {
        StripeRefund(id: "re_1", status: status, amount: 500, currency: "eur", paymentIntent: "pi_1")
    }

    @Test("a success is told once")
    func succeeds() {
        let decision = RefundTransition.decide(refund(.requested), stripe(.succeeded))
        #expect(decision.refund.status == .succeeded)
        #expect(decision.refund.stripeRefundID == "re_1")
        #expect(decision.isPublished)
        let again = RefundTransition.decide(decision.refund, stripe(.succeeded))
        #expect(again.isKnown)
        #expect(!again.isPublished)
    }

    @Test(
        "a failure releases its amount, also after a success",
        arguments: [
            RefundStatus.requested, .pending, .requiresAction, .succeeded,
        ])
    func fails(from status: RefundStatus) {
        let decision = RefundTransition.decide(refund(status), stripe(.failed))
        #expect(decision.refund.status == .failed)
        #expect(decision.isReleased)
        #expect(decision.isTakenBack == (status == .succeeded))
        #expect(RefundTransition.decide(decision.refund, stripe(.failed)).isKnown)
    }

    @Test("nothing old takes back what is newer")
    func goesForward() {
        #expect(RefundTransition.decide(refund(.succeeded), stripe(.pending)).isKnown)
        #expect(RefundTransition.decide(refund(.failed), stripe(.succeeded)).isKnown)
        #expect(!RefundTransition.decide(refund(.requiresAction), stripe(.pending)).isKnown)
    }

    @Test("a refusal counts only while Stripe has not taken it")
    func takesRefusals() {
        #expect(RefundTransition.refused(refund(.requested), code: "x").isReleased)
        #expect(RefundTransition.refused(refund(.pending), code: "x").isKnown)
    }
}
