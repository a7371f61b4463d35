import Contracts
import Foundation
import Testing

@testable import Orders

/// Until when the payment is waited for: a little before the end of the hold, and never past it.
@Suite("The wait for a payment") struct PaymentWaitTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(
        "ends the margin before the hold, and leaves at least half of it",
        arguments: [(900, 840), (120, 60), (90, 45), (10, 5), (0, 0), (-5, -5)])
    func margin(hold: Int, wait: Int) {
        let end = Self.now.addingTimeInterval(TimeInterval(hold))
        let time = OrderSaga.time(before: end, margin: .seconds(60), atMost: nil, now: Self.now)
        #expect(time.timeIntervalSince(Self.now) == TimeInterval(wait))
    }

    @Test("is put off for a processing payment, but not past the hold")
    func extended() {
        for (hold, wait) in [(900, 300.0), (360, 300), (200, 140), (100, 50)] {
            let end = Self.now.addingTimeInterval(TimeInterval(hold))
            let time = OrderSaga.time(before: end, margin: .seconds(60), atMost: .seconds(300), now: Self.now)
            #expect(time.timeIntervalSince(Self.now) == wait, "\(hold)")
        }
    }

    @Test("is not put off once the whole running phase is over")
    func afterTotal() {
        let over = Sample.state(after: .stockReserved, .totalDeadline)
        let decision = OrderSaga.decide(
            state: over, event: .paymentPending(status: "processing"), policy: Sample.policy)
        #expect(decision.state.extensions == 0 && decision.state.overdue)
        #expect(decision.actions == [.setDeadline(.answer, after: Sample.policy.answer.delay(0))])
    }

    @Test("begins anew by an operator's retry: until the end of the hold, once put off by no more than before")
    func retried() {
        let pending = Sample.state(after: .stockReserved, .paymentPending)
        let extended = Sample.state(after: .stockReserved, .paymentProcessing, .paymentDeadline, .paymentProcessing)
        for (state, limit) in [(pending, nil), (extended, Sample.policy.paymentExtension)] {
            let decision = OrderSaga.decide(state: state, event: .retryRequested, policy: Sample.policy)
            #expect(
                decision.actions == [
                    .setDeadlineBefore(
                        .payment, end: Sample.expiry, margin: Sample.policy.paymentMargin, atMost: limit)
                ])
        }
    }

    /// Inventory and payments are not ordered against each other: the longer hold may be heard of first.
    @Test("is within the longer hold, also when that is heard of before the payment is known to be processing")
    func longerHoldFirst() throws {
        let overdue = Sample.state(after: .stockReserved, .paymentDeadline)
        let longer = Sample.expiry.addingTimeInterval(120)
        let held = OrderSaga.decide(
            state: overdue, event: .stockReserved(reservationId: Sample.reservation, expiresAt: longer),
            policy: Sample.policy
        ).state
        let extended = OrderSaga.decide(
            state: held, event: .paymentPending(status: "processing"), policy: Sample.policy)
        #expect(
            extended.actions == [
                .setDeadlineBefore(
                    .payment, end: longer, margin: Sample.policy.paymentMargin,
                    atMost: Sample.policy.paymentExtension)
            ])
    }
}
