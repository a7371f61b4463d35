import Contracts
import ServiceRuntime

/// All of a product that its artisan decides.
struct ProductDraft: Sendable, Hashable {
    var artisanID: String
    var title: String
    var description = ""
    var price: Money
    var isActive = true
    var reservationTTL: Duration?

    /// The most that one piece may cost, in minor units: Stripe takes amounts of up to eight digits.
    /// Source: https://docs.stripe.com/api/payment_intents/create#create_payment_intent-amount
    static let maxPrice: Int64 = 99_999_999
    /// The least leaves a customer time to pay: the order stops waiting for the payment `SAGA_PAYMENT_MARGIN` (a minute)
    /// before the hold ends.
    static let ttlSeconds = 120...86_400
    /// What earlier releases allowed: products may have it still, and keep it until it is changed.
    static let formerTTLSeconds = 10...86_400

    /// What is wrong with it, field by field as the request names them; empty when all is well.
    /// - Parameter former: the product as it is now; a hold that is not changed is not judged anew.
    func problems(over former: ProductDraft? = nil) -> [FieldError] {
        var problems: [FieldError] = []
        func check(_ isFine: Bool, _ field: String, _ code: String, _ message: String) {
            if !isFine { problems.append(FieldError(field: field, code: code, message: message)) }
        }
        // Counted as Postgres counts: in code points.
        check(
            (1...128).contains(artisanID.unicodeScalars.count), "artisanId", "range", "has to have 1 to 128 characters")
        check((1...200).contains(title.unicodeScalars.count), "title", "range", "has to have 1 to 200 characters")
        check(description.unicodeScalars.count <= 4000, "description", "range", "may have at most 4000 characters")
        check(
            (1...Self.maxPrice).contains(price.amount), "price.amount", "range",
            "has to be from 1 to \(Self.maxPrice), in minor units")
        check(
            price.currency.utf8.count == 3 && price.currency.utf8.allSatisfy { (0x41...0x5A).contains($0) },
            "price.currency", "invalid", "has to be an ISO 4217 code such as EUR")
        check(isTTLFine(over: former), "reservationTTLSeconds", "range", Self.ttlExpectation)
        for (field, text) in [("artisanId", artisanID), ("title", title), ("description", description)] {
            // Postgres' text cannot hold it.
            check(!text.unicodeScalars.contains("\0"), field, "invalid", "may not hold the character U+0000")
        }
        return problems
    }

    static let ttlExpectation =
        "has to be from \(ttlSeconds.lowerBound), so that there is time to pay, to \(ttlSeconds.upperBound)"

    func isTTLFine(over former: ProductDraft?) -> Bool {
        guard let reservationTTL, reservationTTL != former?.reservationTTL else { return true }
        return Self.ttlSeconds.contains(Int(reservationTTL.components.seconds))
    }

    /// - Parameter former: the product as it is now, if it is there.
    /// - Throws: ``Problem`` 422 `validation_failed`.
    func validate(over former: ProductDraft? = nil) throws(Problem) {
        let problems = problems(over: former)
        guard problems.isEmpty else { throw .validation(problems) }
    }
}
