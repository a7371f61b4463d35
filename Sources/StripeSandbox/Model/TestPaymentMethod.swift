/// What a test payment method does when a PaymentIntent is confirmed with it.
/// Source: https://docs.stripe.com/testing; the names that begin with `pm_sandbox_` are this stand-in's own.
enum TestPaymentMethod: Sendable, Hashable {
    case succeeds
    case declined(code: String, declineCode: String?, message: String)
    /// The customer has to do something first; then the charge succeeds.
    case needsAction
    /// Stays processing until told, or ends by itself.
    case processing(Ending)
    /// Succeeds; a refund of it ends as given, later.
    case refundEnds(Ending, startsPending: Bool)

    /// How something that takes a while ends.
    enum Ending: String, Sendable, Hashable, Codable {
        case whenTold
        case succeeds
        case fails
    }

    /// Nil when there is no such payment method.
    init?(_ id: String) {
        switch id {
        case "pm_card_visa", "pm_card_visa_debit", "pm_card_mastercard", "pm_card_amex", "pm_card_es", "pm_card_us":
            self = .succeeds
        case "pm_card_chargeDeclined", "pm_card_visa_chargeDeclined":
            self = Self.card("card_declined", "generic_decline", "Your card was declined.")
        case "pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds":
            self = Self.card("card_declined", "insufficient_funds", "Your card has insufficient funds.")
        case "pm_card_chargeDeclinedFraudulent", "pm_card_visa_chargeDeclinedFraudulent":
            self = Self.card("card_declined", "fraudulent", "Your card was declined.")
        case "pm_card_chargeDeclinedExpiredCard", "pm_card_visa_chargeDeclinedExpiredCard":
            self = Self.card("expired_card", nil, "Your card has expired.")
        case "pm_card_chargeDeclinedIncorrectCvc", "pm_card_visa_chargeDeclinedIncorrectCvc":
            self = Self.card("incorrect_cvc", nil, "Your card's security code is incorrect.")
        case "pm_card_chargeDeclinedProcessingError", "pm_card_visa_chargeDeclinedProcessingError":
            self = Self.card("processing_error", nil, "An error occurred while processing your card.")
        case "pm_card_authenticationRequired", "pm_card_threeDSecure2Required", "pm_card_threeDSecureRequired":
            self = .needsAction
        case "pm_sandbox_processing": self = .processing(.whenTold)
        case "pm_sandbox_processingSucceeds": self = .processing(.succeeds)
        case "pm_sandbox_processingFails": self = .processing(.fails)
        case "pm_card_pendingRefund": self = .refundEnds(.succeeds, startsPending: true)
        case "pm_card_refundFail": self = .refundEnds(.fails, startsPending: false)
        case "pm_sandbox_pendingRefundFails": self = .refundEnds(.fails, startsPending: true)
        case "pm_sandbox_pendingRefundStays": self = .refundEnds(.whenTold, startsPending: true)
        default: return nil
        }
    }

    private static func card(_ code: String, _ declineCode: String?, _ message: String) -> TestPaymentMethod {
        .declined(code: code, declineCode: declineCode, message: message)
    }
}
