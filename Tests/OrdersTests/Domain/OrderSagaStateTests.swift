import Contracts
import Foundation
import Outbox
import Testing

@testable import Orders

@Suite struct OrderSagaStateTests {
    @Test(arguments: OrderSagaSituation.allCases)
    func everySituationIsReadBackAsItWasWritten(situation: OrderSagaSituation) throws {
        let state = situation.state
        #expect(try WireJSON.decode(OrderSagaState.self, from: try WireJSON.encode(state)) == state)
    }

    @Test func aRowFromBeforeAFieldExistedIsReadWithItsDefault() throws {
        let json = #"{"version":1,"step":"STOCK_RESERVED","order":"PENDING","total":700,"deadline":"payment"}"#
        let state = try WireJSON.decode(OrderSagaState.self, from: Array(json.utf8))
        #expect(state.step == .stockReserved && state.total == 700 && state.deadline == .payment)
        #expect(state.stock == .unknown && state.refunds.isEmpty && !state.settled && state.rescue == .none)
    }

    @Test func theBackoffDoublesUpToItsCap() {
        let backoff = OrderSagaPolicy.Backoff(base: .seconds(15), cap: .seconds(100))
        #expect(
            [0, 1, 2, 3, 4, 500, -1].map { backoff.delay($0) } == [15, 30, 60, 100, 100, 100, 15].map { .seconds($0) })
    }

    @Test func repeatedQuestionsAreAskedWithGrowingPauses() {
        let policy = Sample.policy
        var state = Sample.state(after: .outOfStock)
        var pauses: [Duration] = []
        for _ in 0..<8 {
            let decision = OrderSaga.decide(state: state, event: .deadlinePassed(.undo), policy: policy)
            state = decision.state
            for case .setDeadline(.undo, let pause) in decision.actions { pauses.append(pause) }
        }
        #expect(pauses == [60, 120, 240, 480, 900, 900, 900, 900].map { .seconds($0) })
    }

    @Test func anOperatorsRetryAsksFromTheFirstPauseOn() {
        for path in [[.stockReserved, .paymentDeadline, .answerDeadline], [.outOfStock, .undoDeadline]]
            as [[OrderSagaEvent.Kind]]
        {
            let state = Sample.state(after: path)
            #expect(state.attempts == 1)
            let retried = OrderSaga.decide(state: state, event: .retryRequested, policy: Sample.policy).state
            #expect(retried.attempts == 0)
        }
    }

    @Test func extensionsAreBoundedAndEndTheOverdueState() {
        var state = Sample.state(after: .stockReserved, .paymentProcessing)
        for count in 1...Sample.policy.maxExtensions {
            state = OrderSaga.decide(state: state, event: .deadlinePassed(.payment), policy: Sample.policy).state
            state = OrderSaga.decide(state: state, event: .deadlinePassed(.answer), policy: Sample.policy).state
            #expect(state.overdue && state.attempts == 1)
            state =
                OrderSaga.decide(
                    state: state, event: .paymentPending(status: "processing"), policy: Sample.policy
                ).state
            #expect(!state.overdue && state.extensions == count && state.reason == nil && state.attempts == 0)
        }
        state = OrderSaga.decide(state: state, event: .deadlinePassed(.payment), policy: Sample.policy).state
        state =
            OrderSaga.decide(
                state: state, event: .paymentPending(status: "processing"), policy: Sample.policy
            ).state
        #expect(state.overdue && state.deadline == .answer)
    }

    @Test func theRescuesAnswerIsToldFromTheFirstReservation() {
        // Inventory's first answer, its release and the rescue's answer all come after the late payment.
        var state = Sample.state(after: .stockDeadline, .paymentSucceeded)
        let first = OrderSagaEvent.stockReserved(reservationId: Sample.reservation, expiresAt: Sample.expiry)
        let second = OrderSagaEvent.stockReserved(reservationId: Sample.secondReservation, expiresAt: Sample.expiry)
        for (event, step) in [
            (first, OrderSagaStep.stockFailed), (Sample.event(.stockReleased), .stockFailed), (first, .stockFailed),
            (second, .completed),
        ] {
            state = OrderSaga.decide(state: state, event: event, policy: Sample.policy).state
            #expect(state.step == step)
        }
        #expect(
            state.rescue == .won && state.order == .confirmed && state.hold?.reservationId == Sample.secondReservation)
    }

    @Test func stockThatIsReservedAfterAllWasUndoneIsReleasedAgain() {
        let state = Sample.state(after: .stockReserved, .paymentDeclined, .stockReleased)
        #expect(state.settled)
        let decision = OrderSaga.decide(
            state: state,
            event: .stockReserved(reservationId: Sample.secondReservation, expiresAt: Sample.expiry),
            policy: Sample.policy)
        #expect(!decision.state.settled && decision.state.stock == .held)
        #expect(decision.actions.map(\.description) == ["order.cancelled.v1", "deadline undo"])
    }

    /// News of the first reservation comes last, such as a dead letter that is re-driven. Inventory answers for the second
    /// one, so a saga that took the first for the one that is held would never settle.
    @Test func anOlderReservationThatIsHeardOfLateChangesNothing() {
        func decide(_ state: OrderSagaState, _ event: OrderSagaEvent) -> OrderSagaDecision {
            OrderSaga.decide(state: state, event: event, policy: Sample.policy)
        }
        let rescued = decide(
            Sample.state(after: .stockDeadline, .stockReleased, .paymentSucceeded),
            .stockReserved(reservationId: Sample.secondReservation, expiresAt: Sample.expiry.addingTimeInterval(60))
        ).state
        #expect(rescued.order == .confirmed)
        let cancelled = decide(rescued, .cancelRequested).state
        #expect(decide(cancelled, Sample.event(.stockReserved)).verdict == .ignored("duplicate"))
        let returned = decide(
            cancelled, .stockReleased(reservationId: Sample.secondReservation, reason: "cancelled")
        ).state
        #expect(returned.stock == .released)
        #expect(decide(returned, Sample.event(.paymentRefunded)).state.settled)
        let lost = decide(
            decide(
                Sample.state(after: .stockDeadline, .stockReleased, .paymentSucceeded, .rescueDeadline),
                .stockReserved(
                    reservationId: Sample.secondReservation, expiresAt: Sample.expiry.addingTimeInterval(60))
            ).state, .stockReleased(reservationId: Sample.secondReservation, reason: "failed")
        ).state
        #expect(lost.step == .stockFailed && lost.stock == .released)
        #expect(decide(lost, Sample.event(.stockReserved)).verdict == .ignored("duplicate"))
    }

    private func reserved(_ id: UUID) -> OrderSagaEvent { .stockReserved(reservationId: id, expiresAt: Sample.expiry) }

    /// Whatever the order is in which the rescue's news comes: inventory answers for the second reservation, and a saga that
    /// thinks the first one is held would wait for its end for ever.
    @Test func newsOfTwoReservationsInAnyOrderLeaveNothingHeld() {
        let (first, second) = (Sample.reservation, Sample.secondReservation)
        let cancelled: [OrderSagaEvent] = [
            Sample.event(.paymentPending), Sample.event(.holdEnded), .paymentSucceeded, .cancelRequested,
            reserved(first), reserved(second), .stockReleased(reservationId: second, reason: "cancelled"),
        ]
        let failed: [OrderSagaEvent] = [
            .deadlinePassed(.stock), .paymentSucceeded, .deadlinePassed(.rescue),
            .stockReleased(reservationId: second, reason: "failed"),
            .stockReleased(reservationId: first, reason: "failed"), reserved(second), reserved(first),
        ]
        // The news of the second one is lost until a dead letter is re-driven, but not that of its end.
        let unheard: [OrderSagaEvent] = [
            .deadlinePassed(.stock), .paymentSucceeded, reserved(first), .deadlinePassed(.rescue),
            .stockReleased(reservationId: second, reason: "failed"), reserved(second),
        ]
        for events in [cancelled, failed, unheard] {
            let state = Sample.state(after: events + [Sample.event(.paymentRefunded)])
            #expect(state.settled && state.stock == .released, "\(events)")
        }
    }

    /// The rescue's answer comes first, and inventory's first answer proves it to be that.
    @Test func theRescuesAnswerIsKnownByTheOlderOneBehindIt() {
        let state = Sample.state(after: [
            OrderSagaEvent.deadlinePassed(.stock), .paymentSucceeded, reserved(Sample.secondReservation),
            reserved(Sample.reservation),
        ])
        #expect(state.order == .confirmed && state.hold?.reservationId == Sample.secondReservation)
    }

    /// Reservations of an older release, whose ids were those of two clocks: the later one has the smaller id.
    @Test func reservationsWhoseIDsDoNotGrowLeaveNoSagaOpen() {
        let (first, second) = (Sample.secondReservation, Sample.reservation)
        let failed: [OrderSagaEvent] = [
            reserved(first), Sample.event(.paymentPending), .stockReleased(reservationId: first, reason: "operator"),
            .paymentSucceeded, reserved(second), .deadlinePassed(.rescue),
            .stockReleased(reservationId: second, reason: "failed"), Sample.event(.paymentRefunded),
        ]
        // Of what was sold without a hold nothing was heard.
        let returned: [OrderSagaEvent] = [
            reserved(first), .paymentSucceeded, .cancelRequested,
            .stockReleased(reservationId: second, reason: "cancelled"), Sample.event(.paymentRefunded),
        ]
        for events in [failed, returned] {
            let state = Sample.state(after: events)
            #expect(state.settled, "\(events)")
        }
    }

    /// Payments may say that a payment failed for good, and then that it was made all the same; two replicas can swap them.
    @Test func aFailureThatThePaymentHasOvertakenChangesNothing() {
        let paid = Sample.state(after: .stockReserved, .paymentPending, .paymentSucceeded)
        let decision = OrderSaga.decide(state: paid, event: Sample.event(.paymentDeclined), policy: Sample.policy)
        #expect(decision.verdict == .ignored("it has succeeded since") && decision.state == paid)
    }

    /// The hold had ended before the confirmation came, and inventory sold what was on the shelf: of that reservation only
    /// its return is heard.
    @Test func aReservationThatIsHeardOfAfterTheCancellationIsNotWaitedFor() {
        let cancelled = Sample.state(after: .paymentSucceeded, .cancelRequested)
        let late = OrderSaga.decide(state: cancelled, event: Sample.event(.stockReserved), policy: Sample.policy)
        #expect(late.verdict == .ignored("duplicate"))
        let returned = OrderSaga.decide(
            state: cancelled, event: .stockReleased(reservationId: Sample.secondReservation, reason: "cancelled"),
            policy: Sample.policy)
        #expect(returned.state.stock == .released)
    }

    @Test func partialRefundsAreSummedAndEachCountsOnce() {
        var state = Sample.state(after: .stockReserved, .paymentSucceeded, .outOfStock)
        let other = UUID(uuid: (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2))
        for (refund, amount, settled) in [
            (Sample.refund, Int64(2_000), false), (Sample.refund, 2_000, false), (other, 3_000, true),
        ] {
            state =
                OrderSaga.decide(
                    state: state, event: .paymentRefunded(refundId: refund, amount: amount), policy: Sample.policy
                ).state
            #expect(state.settled == settled)
        }
        #expect(state.payment == .refunded)
    }

    /// Days later the bank sends the money back.
    @Test func aRefundThatFailsLaterOpensTheSagaAgainUntilTheMoneyIsBack() {
        func decide(_ state: OrderSagaState, _ event: OrderSagaEvent) -> OrderSagaDecision {
            OrderSaga.decide(state: state, event: event, policy: Sample.policy)
        }
        let settled = Sample.state(after: .stockReserved, .paymentSucceeded, .outOfStock, .paymentRefunded)
        #expect(settled.settled && settled.payment == .refunded)
        let failed = decide(settled, Sample.event(.refundFailed))
        #expect(!failed.state.settled && failed.state.payment == .succeeded)
        #expect(failed.actions.map(\.description) == ["deadline undo"])
        #expect(decide(failed.state, Sample.event(.refundFailed)).verdict == .ignored("duplicate"))
        // What is told late about the refund itself counts no more.
        #expect(decide(failed.state, Sample.event(.paymentRefunded)).verdict == .ignored("duplicate"))
        let asked = decide(failed.state, .deadlinePassed(.undo))
        #expect(asked.actions.map(\.description) == ["order.refund-due.v1", "deadline undo"])
        let other = UUID(uuid: (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2))
        #expect(decide(asked.state, .paymentRefunded(refundId: other, amount: Sample.total)).state.settled)
    }

    /// Payments gave the money back anew before the news of the failure came. Asked once more it would only tell what is
    /// known, and the saga would never settle.
    @Test func aFailureThatIsHeardOfBehindTheRefundThatReplacedItOpensNothing() {
        let settled = Sample.state(after: .stockReserved, .paymentSucceeded, .outOfStock, .paymentRefunded)
        let failed = UUID(uuid: (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2))
        let decision = OrderSaga.decide(
            state: settled, event: .refundFailed(refundId: failed), policy: Sample.policy)
        #expect(decision.state.settled && decision.state.payment == .refunded && decision.actions.isEmpty)
    }
}
