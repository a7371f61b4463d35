import Contracts
import Foundation
import Outbox
import Testing

@testable import Payments

@Suite("Stripe: request bodies")
struct StripeFormTests {
    private func payment(method: String? = nil) throws -> Payment {
        let id = try #require(UUID(uuidString: "00000000-0000-7000-8000-0000000000AA"))
        let order = try #require(UUID(uuidString: "00000000-0000-7000-8000-0000000000BB"))
        let saga = try #require(UUID(uuidString: "00000000-0000-7000-8000-0000000000CC"))
        var payment = Payment(id: id, orderID: order, sagaID: saga, status: .creating)
        payment.price = Money(amount: 2500, currency: "EUR")
        payment.paymentMethod = method
        return payment
    }

    @Test("keys and values are percent-encoded")
    func encodes() {
        var form = StripeForm()
        form.add("metadata[order id]", "a&b=c d+é")
        form.add("none", nil)
        form.add("amount", 5)
        #expect(form.text == "metadata%5Border%20id%5D=a%26b%3Dc%20d%2B%C3%A9&amount=5")
    }

    @Test("a PaymentIntent carries order, saga, payment and attempt")
    func createsWithMetadata() throws {
        let attempt = try #require(UUID(uuidString: "00000000-0000-7000-8000-0000000000DD"))
        let body = String(decoding: StripeRequests.create(try payment(), attempt: attempt), as: UTF8.self)
        #expect(
            body == "amount=2500&currency=eur&automatic_payment_methods%5Benabled%5D=true"
                + "&metadata%5Border_id%5D=00000000-0000-7000-8000-0000000000bb"
                + "&metadata%5Bsaga_id%5D=00000000-0000-7000-8000-0000000000cc"
                + "&metadata%5Bpayment_id%5D=00000000-0000-7000-8000-0000000000aa"
                + "&metadata%5Battempt_id%5D=00000000-0000-7000-8000-0000000000dd")
    }

    @Test("one that the server confirms allows no redirects, and is not confirmed by making it")
    func createsForTheServer() throws {
        let body = String(
            decoding: StripeRequests.create(try payment(method: "pm_card_visa"), attempt: .v7()), as: UTF8.self)
        #expect(body.contains("automatic_payment_methods%5Ballow_redirects%5D=never"))
        #expect(!body.contains("confirm"))
        #expect(!body.contains("pm_card_visa"))
    }

    @Test("a payment method that a client made up stays one value")
    func confirmsSafely() throws {
        let body = StripeRequests.confirm(try payment(method: "pm_x&off_session=true"))
        #expect(String(decoding: body, as: UTF8.self) == "payment_method=pm_x%26off_session%3Dtrue")
    }
}
