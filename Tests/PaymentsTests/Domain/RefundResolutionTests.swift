import Contracts
import Outbox
import Testing

@testable import Payments

@Suite("Resolving failed refunds")
struct RefundResolutionTests {
    private func refund(_ status: RefundStatus) -> Refund {
        Refund(
            id: .v7(), paymentID: .v7(), amount: Money(amount: 500, currency: "EUR"), reason: "customer_request",
            origin: .order, status: status)
    }

    private func decide(
        _ status: RefundStatus, isResolved: Bool = false, refundable: Int64 = 500,
        _ resolution: RefundResolution = .paidElsewhere
    ) -> RefundResolutionDecision {
        RefundResolutionDecision.decide(
            refund(status), isResolved: isResolved, refundable: refundable, resolution, by: "cli:root", id: .v7())
    }

    @Test("only what failed can be resolved", arguments: RefundStatus.allCases)
    func onlyFailed(status: RefundStatus) {
        #expect((decide(status, .notOwed) == .resolve(paid: nil)) == status.isVoid)
        #expect((decide(status, .notOwed) == .notFailed) == !status.isVoid)
    }

    @Test("once")
    func once() {
        #expect(decide(.failed, isResolved: true) == .resolvedBefore)
    }

    @Test("what was paid elsewhere is a refund that has succeeded, within what is still owed")
    func paid() {
        guard case .resolve(let paid?) = decide(.failed) else {
            Issue.record("no refund stands for it")
            return
        }
        #expect(paid.amount.amount == 500 && paid.origin == .outside && paid.status == .succeeded)
        #expect(paid.requestedBy == "cli:root" && paid.stripeRefundID == nil)
        #expect(decide(.failed, refundable: 499) == .exceedsCharge(refundable: 499))
        #expect(decide(.canceled, refundable: 0, .notOwed) == .resolve(paid: nil))
    }
}
