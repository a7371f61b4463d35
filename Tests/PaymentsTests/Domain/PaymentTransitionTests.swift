import Contracts
import Foundation
import Outbox
import Testing

@testable import Payments

@Suite("Payment transitions")
struct PaymentTransitionTests {
    private let policy = PaymentPolicy(maxTries: 3)
    private let price = Money(amount: 2500, currency: "EUR")
    private let expiry = Date(timeIntervalSince1970: 2_000_000_000)

    private func payment(_ status: PaymentStatus, method: String? = nil) -> Payment {
        var payment = Payment(id: .v7(), orderID: .v7(), sagaID: .v7(), status: status)
        payment.price = status == .awaitingOrder ? nil : price
        payment.paymentMethod = method
        if status.rank >= 2 { payment.paymentIntentID = "pi_1" }
        if status == .succeeded { payment.amountReceived = 2500 }
        return payment
    }

    private func intent(
        _ status: StripePaymentIntent.Status, of payment: Payment, received: Int64? = nil, currency: String = "eur",
        livemode: Bool = false, order: String? = nil, failure: StripePaymentIntent.Failure? = nil, id: String = "pi_1"
    ) -> StripePaymentIntent {
        StripePaymentIntent(
            id: id, status: status, amount: 2500,
            amountReceived: received ?? (status == .succeeded ? 2500 : 0), currency: currency, livemode: livemode,
            metadata: ["order_id": order ?? payment.orderID.lowercased], lastFailure: failure)
    }

    private let declined = StripePaymentIntent.Failure(
        code: "card_declined", declineCode: "insufficient_funds", charge: "ch_1", paymentMethod: nil)

    private func see(
        _ payment: Payment, _ intent: StripePaymentIntent, newFailure: Bool = false, failures: Int = 0
    ) -> PaymentDecision {
        PaymentTransition.decide(
            payment, .intent(intent, newFailure: newFailure, failures: failures), policy: policy)
    }

    // MARK: Order and stock, in either order

    @Test("the order first, then its stock: the PaymentIntent is asked for once")
    func orderFirst() {
        let new = Payment(id: .v7(), orderID: .v7(), sagaID: .v7(), status: .awaitingOrder)
        let input = PaymentInput.orderCreated(customerID: "ana", price: price, paymentMethod: nil)
        let begun = PaymentTransition.begin(new, input)
        #expect(begun.payment.status == .awaitingStock)
        #expect(begun.effects.isEmpty)
        let reserved = PaymentTransition.decide(begun.payment, .stockReserved(expiresAt: expiry), policy: policy)
        #expect(reserved.payment.status == .creating)
        #expect(reserved.effects == [.createIntent])
        let again = PaymentTransition.decide(reserved.payment, .stockReserved(expiresAt: expiry), policy: policy)
        #expect(again.effects.isEmpty)
        #expect(PaymentTransition.decide(reserved.payment, input, policy: policy).ignored != nil)
    }

    @Test("the stock first, then its order: the PaymentIntent is asked for once")
    func stockFirst() {
        let new = Payment(id: .v7(), orderID: .v7(), sagaID: .v7(), status: .awaitingOrder)
        let begun = PaymentTransition.begin(new, .stockReserved(expiresAt: expiry))
        #expect(begun.payment.status == .awaitingOrder)
        #expect(begun.effects.isEmpty)
        let created = PaymentTransition.decide(
            begun.payment, .orderCreated(customerID: "ana", price: price, paymentMethod: "pm_1"), policy: policy)
        #expect(created.payment.status == .creating)
        #expect(created.payment.paymentMethod == "pm_1")
        #expect(created.effects == [.createIntent])
    }

    @Test("an order that ended before it was heard of is never charged")
    func endedFirst() {
        let new = Payment(id: .v7(), orderID: .v7(), sagaID: .v7(), status: .awaitingOrder)
        let ended = PaymentTransition.begin(new, .orderEnded(reason: "customer_request"))
        #expect(ended.payment.status == .cancelled)
        #expect(ended.effects == [.publish(.cancelled(reason: "customer_request"))])
        let created = PaymentTransition.decide(
            ended.payment, .orderCreated(customerID: "ana", price: price, paymentMethod: nil), policy: policy)
        #expect(created.payment.status == .cancelled)
        #expect(created.effects.isEmpty)
        #expect(
            PaymentTransition.decide(created.payment, .stockReserved(expiresAt: expiry), policy: policy).ignored != nil)
    }

    // MARK: The end of the order

    @Test(
        "without a PaymentIntent the end of the order ends the payment at once",
        arguments: [
            PaymentStatus.awaitingOrder, .awaitingStock,
        ])
    func endsUnpaid(status: PaymentStatus) {
        for input in [PaymentInput.orderEnded(reason: "stock_timeout"), .refundDue(reason: "stock_timeout")] {
            let decision = PaymentTransition.decide(payment(status), input, policy: policy)
            #expect(decision.payment.status == .cancelled)
            #expect(decision.effects == [.publish(.cancelled(reason: "stock_timeout"))])
        }
        let overdue = PaymentTransition.decide(payment(status), .overdue, policy: policy)
        #expect(overdue.effects == [.publish(.cancelled(reason: "payment_overdue"))])
    }

    @Test(
        "with a PaymentIntent it is cancelled first, and nothing is told before",
        arguments: [
            PaymentStatus.pending, .processing, .failed,
        ])
    func cancelsFirst(status: PaymentStatus) {
        let decision = PaymentTransition.decide(
            payment(status), .orderEnded(reason: "customer_request"), policy: policy)
        #expect(decision.payment.status == status)
        #expect(decision.payment.cancelReason == "customer_request")
        #expect(decision.effects == [.cancelIntent])
    }

    @Test("while the PaymentIntent is being made, the wish to cancel waits for it")
    func cancelsLater() {
        let wanted = PaymentTransition.decide(payment(.creating), .overdue, policy: policy).payment
        #expect(wanted.cancelReason == "payment_overdue")
        let made = see(wanted, intent(.requiresPaymentMethod, of: wanted))
        #expect(made.payment.status == .pending)
        #expect(made.effects == [.cancelIntent])
    }

    @Test("what has succeeded is not cancelled; the saga is told again when it asks")
    func keepsMoney() {
        let paid = payment(.succeeded)
        #expect(PaymentTransition.decide(paid, .orderEnded(reason: "x"), policy: policy).ignored != nil)
        #expect(PaymentTransition.decide(paid, .overdue, policy: policy).effects == [.publish(.succeeded)])
        #expect(
            PaymentTransition.decide(paid, .refundDue(reason: "late_payment"), policy: policy).effects
                == [.refundInFull(reason: "late_payment")])
    }

    @Test("each question about a cancelled payment is answered")
    func answersAgain() {
        let cancelled = payment(.cancelled)
        let ended = PaymentTransition.decide(cancelled, .orderEnded(reason: "payment_timeout"), policy: policy)
        #expect(ended.effects == [.publish(.cancelled(reason: "payment_timeout"))])
        let overdue = PaymentTransition.decide(cancelled, .overdue, policy: policy)
        #expect(overdue.effects == [.publish(.cancelled(reason: "payment_overdue"))])
    }

    // MARK: What Stripe shows

    @Test("a charge of the order's price succeeds, from every status", arguments: PaymentStatus.allCases)
    func succeeds(status: PaymentStatus) {
        guard status != .succeeded, status != .awaitingOrder else { return }
        let before = payment(status)
        let decision = see(before, intent(.succeeded, of: before))
        #expect(decision.payment.status == .succeeded)
        #expect(decision.payment.amountReceived == 2500)
        #expect(decision.effects == [.publish(.succeeded)])
        #expect(see(decision.payment, intent(.succeeded, of: before)).ignored != nil)
    }

    @Test("nothing that is told later takes success back", arguments: StripePaymentIntent.Status.allCases)
    func staysSucceeded(status: StripePaymentIntent.Status) {
        let paid = payment(.succeeded)
        let decision = see(paid, intent(status, of: paid, failure: declined), newFailure: true, failures: 1)
        #expect(decision.payment.status == .succeeded)
        #expect(decision.effects.isEmpty)
    }

    @Test("a charge that is not the order's confirms nothing, and a person is told")
    func refusesMismatches() {
        let open = payment(.pending)
        let wrong = [
            ("amount_mismatch", intent(.succeeded, of: open, received: 2400)),
            ("amount_mismatch", intent(.succeeded, of: open, received: 2600)),
            ("currency_mismatch", intent(.succeeded, of: open, currency: "usd")),
            ("livemode_mismatch", intent(.succeeded, of: open, livemode: true)),
            ("order_mismatch", intent(.succeeded, of: open, order: "another")),
        ]
        for (code, intent) in wrong {
            let decision = see(open, intent)
            #expect(decision.payment.status == .failed)
            #expect(decision.payment.alert == code)
            #expect(decision.effects == [.alert(code), .publish(.failed(reason: code, final: true))])
            #expect(see(decision.payment, intent).ignored != nil)
            // When the order has ended, what was taken goes back.
            let ended = PaymentTransition.decide(
                decision.payment, .orderEnded(reason: "payment_declined"), policy: policy)
            #expect(ended.effects == [.refundInFull(reason: code)])
            // When it ended before the charge was seen, nobody tells that again.
            var cancelled = open
            cancelled.cancelReason = "customer_request"
            #expect(
                see(cancelled, intent).effects == [
                    .alert(code), .publish(.failed(reason: code, final: true)), .refundInFull(reason: code),
                ])
            var overdue = open
            overdue.cancelReason = PaymentTransition.overdueReason
            #expect(see(overdue, intent).effects == decision.effects)
        }
    }

    @Test("a second charge does not take the place of another alert, which is not dealt with yet")
    func keepsAlerts() {
        var other = payment(.succeeded)
        other.alert = "amount_mismatch"
        let decision = PaymentTransition.decide(other, .otherIntent(kept: 1), policy: policy)
        #expect(decision.payment.alert == "amount_mismatch")
        #expect(decision.effects == [.alert("second_charge")])
        #expect(PaymentTransition.decide(other, .otherIntent(kept: 0), policy: policy).ignored != nil)
    }

    @Test("another PaymentIntent than the payment's changes nothing")
    func ignoresOthers() {
        let open = payment(.pending)
        #expect(see(open, intent(.succeeded, of: open, id: "pi_2")).ignored != nil)
    }

    @Test("declines count, and the last one allowed is final")
    func countsTries() {
        var current = payment(.pending)
        for attempt in 1...3 {
            let decision = see(
                current, intent(.requiresPaymentMethod, of: current, failure: declined), newFailure: true,
                failures: attempt)
            #expect(decision.payment.attempts == attempt)
            #expect(decision.payment.lastErrorCode == "insufficient_funds")
            #expect(decision.payment.status == (attempt == 3 ? .failed : .pending))
            #expect(decision.effects == [.publish(.failed(reason: "insufficient_funds", final: attempt == 3))])
            current = decision.payment
        }
    }

    @Test("a failed try that was told before is told once")
    func tellsFailuresOnce() {
        let first = see(
            payment(.pending), intent(.requiresPaymentMethod, of: payment(.pending), failure: declined),
            newFailure: true, failures: 1)
        let again = see(
            first.payment, intent(.requiresPaymentMethod, of: first.payment, failure: declined), newFailure: false,
            failures: 1)
        #expect(again.effects.isEmpty)
    }

    @Test("without a customer the first decline is final, unless told otherwise")
    func failsWithoutCustomer() {
        let server = payment(.creating, method: "pm_1")
        let shown = intent(.requiresPaymentMethod, of: server, failure: declined)
        #expect(see(server, shown, newFailure: true, failures: 1).payment.status == .failed)
        let patient = PaymentPolicy(maxTries: 3, serverDeclineIsFinal: false)
        let decision = PaymentTransition.decide(
            server, .intent(shown, newFailure: true, failures: 1), policy: patient)
        #expect(decision.payment.status == .pending)
    }

    @Test("a new status of the PaymentIntent is told once")
    func tellsPendingOnce() {
        let creating = payment(.creating)
        let made = see(creating, intent(.requiresPaymentMethod, of: creating))
        #expect(made.effects == [.publish(.pending(.requiresPaymentMethod))])
        #expect(see(made.payment, intent(.requiresPaymentMethod, of: creating)).ignored != nil)
        let processing = see(made.payment, intent(.processing, of: creating))
        #expect(processing.payment.status == .processing)
        #expect(processing.effects == [.publish(.pending(.processing))])
        #expect(see(processing.payment, intent(.processing, of: creating)).ignored != nil)
        let action = see(made.payment, intent(.requiresAction, of: creating))
        #expect(action.effects == [.publish(.pending(.requiresAction))])
    }

    @Test("cancelled at Stripe without our wish ends the payment; late money still counts")
    func takesCancellation() {
        let open = payment(.pending)
        let decision = see(open, intent(.canceled, of: open))
        #expect(decision.payment.status == .cancelled)
        #expect(decision.effects == [.publish(.cancelled(reason: "cancelled_at_stripe"))])
        #expect(see(decision.payment, intent(.canceled, of: open)).ignored != nil)
        #expect(see(decision.payment, intent(.succeeded, of: open)).payment.status == .succeeded)
    }

    @Test("a cancellation that comes too late is answered with how things are")
    func answersRefusedCancellations() {
        var open = payment(.processing)
        open.stripeStatus = .processing
        open.cancelReason = "payment_overdue"
        let shown = intent(.processing, of: open)
        // Known already, and told all the same: the saga waits for an answer.
        let refused = PaymentTransition.decide(open, .cancelRefused(shown), policy: policy)
        #expect(refused.effects == [.publish(.pending(.processing))])
        let failed = see(refused.payment, intent(.requiresPaymentMethod, of: open, failure: declined), newFailure: true)
        #expect(failed.effects == [.cancelIntent])
        let paid = PaymentTransition.decide(open, .cancelRefused(intent(.succeeded, of: open)), policy: policy)
        #expect(paid.effects == [.publish(.succeeded)])
    }

    @Test("a PaymentIntent that Stripe will not make fails the payment, or ends it when that was wanted")
    func takesRefusals() {
        let creating = payment(.creating)
        let refused = PaymentTransition.decide(creating, .intentRefused(code: "amount_too_small"), policy: policy)
        #expect(refused.payment.status == .failed)
        #expect(refused.effects == [.publish(.failed(reason: "amount_too_small", final: true))])
        let wanted = PaymentTransition.decide(creating, .overdue, policy: policy).payment
        let ended = PaymentTransition.decide(wanted, .intentRefused(code: "amount_too_small"), policy: policy)
        #expect(ended.payment.status == .cancelled)
        // The order ends after the failure: there is nothing at Stripe to be cancelled.
        var failed = refused.payment
        failed.paymentIntentID = nil
        let order = PaymentTransition.decide(failed, .orderEnded(reason: "payment_declined"), policy: policy)
        #expect(order.effects == [.publish(.cancelled(reason: "payment_declined"))])
    }

    @Test("a PaymentIntent that Stripe has lost ends the payment, with an alert")
    func takesLoss() {
        let decision = PaymentTransition.decide(payment(.pending), .intentMissing, policy: policy)
        #expect(decision.payment.status == .cancelled)
        #expect(decision.payment.alert == "payment_intent_missing")
        #expect(PaymentTransition.decide(decision.payment, .intentMissing, policy: policy).ignored != nil)
    }

    @Test("whatever happens in whatever order, the status only goes forward and money is never forgotten")
    func onlyGoesForward() {
        var generator = SeededRandom(seed: 20_261_123)
        for _ in 0..<3_000 {
            var current = payment(
                [.awaitingOrder, .awaitingStock, .creating].randomElement(using: &generator) ?? .creating)
            var wasCharged = false
            for _ in 0..<12 {
                let input = randomInput(current, &generator)
                let decision = PaymentTransition.decide(current, input, policy: policy)
                #expect(decision.payment.status.rank >= current.status.rank)
                #expect(decision.payment.amountReceived >= current.amountReceived)
                if decision.ignored != nil { #expect(decision.effects.isEmpty) }
                if case .intent(let shown, _, _) = input, shown.status == .succeeded,
                    shown.id == current.paymentIntentID
                {
                    wasCharged = true
                }
                if wasCharged { #expect(decision.payment.status == .succeeded) }
                current = decision.payment
            }
        }
    }

    private func randomInput(_ payment: Payment, _ generator: inout SeededRandom) -> PaymentInput {
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: return .orderCreated(customerID: "ana", price: price, paymentMethod: nil)
        case 1: return .stockReserved(expiresAt: expiry)
        case 2: return .orderEnded(reason: "customer_request")
        case 3: return .overdue
        case 4: return .refundDue(reason: "late_payment")
        case 5: return payment.paymentIntentID == nil ? .intentRefused(code: "x") : .confirmationRefused(code: "x")
        default:
            let status = StripePaymentIntent.Status.allCases.randomElement(using: &generator) ?? .processing
            let shown = intent(status, of: payment, failure: Bool.random(using: &generator) ? declined : nil)
            guard payment.price != nil else { return .overdue }
            return .intent(shown, newFailure: Bool.random(using: &generator), failures: 1)
        }
    }
}
