import Contracts
import Foundation
import Outbox
import Testing

@testable import Payments

@Suite("Giving a payment back as a whole")
struct RefundInFullTests {
    private static func payment(refunded: Int64) -> Payment {
        var payment = Payment(id: .v7(), orderID: .v7(), sagaID: .v7(), status: .succeeded)
        payment.price = Money(amount: 1_000, currency: "EUR")
        payment.amountReceived = 1_000
        payment.refunded = refunded
        return payment
    }

    private static func refund(_ amount: Int64, _ origin: RefundOrigin, _ status: RefundStatus) -> Refund {
        Refund(
            id: .v7(), paymentID: .v7(), amount: Money(amount: amount, currency: "EUR"), reason: "late_payment",
            origin: origin, status: status)
    }

    private static func decide(_ payment: Payment, _ refunds: [Refund]) -> RefundInFull {
        RefundInFull.decide(payment, refunds: refunds, reason: "late_payment", id: .v7())
    }

    @Test("waits for the automatic refund that is under way, also when another one's failure has freed more")
    func waits() {
        for status in [RefundStatus.requested, .pending, .requiresAction] {
            let refunds = [Self.refund(600, .operator, .failed), Self.refund(400, .order, status)]
            #expect(Self.decide(Self.payment(refunded: 400), refunds) == .isUnderway)
        }
    }

    @Test("takes what is left once the automatic refund has ended, well or not")
    func takesTheRest() {
        for (status, refunded) in [(RefundStatus.succeeded, Int64(400)), (.failed, 0), (.canceled, 0)] {
            let refunds = [Self.refund(600, .operator, .failed), Self.refund(400, .order, status)]
            guard case .make(let refund) = Self.decide(Self.payment(refunded: refunded), refunds) else {
                Issue.record("nothing is made after one that is \(status.rawValue)")
                continue
            }
            #expect(refund.amount.amount == 1_000 - refunded && refund.origin == .order)
        }
    }

    @Test("tells again what has succeeded when nothing is left")
    func tellsAgain() {
        let made = Self.refund(400, .order, .succeeded)
        let refunds = [Self.refund(1_000, .order, .failed), made, Self.refund(600, .operator, .pending)]
        #expect(Self.decide(Self.payment(refunded: 1_000), refunds) == .tellAgain([made]))
    }
}
