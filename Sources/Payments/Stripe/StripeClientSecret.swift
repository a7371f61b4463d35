/// A PaymentIntent's client secret, on its way to the customer whose payment it is. Not to be stored or logged.
public struct StripeClientSecret: Decodable, Sendable {
    public let paymentIntentID: String
    public let status: StripePaymentIntent.Status
    public let secret: String

    enum CodingKeys: String, CodingKey {
        case paymentIntentID = "id"
        case status
        case secret = "client_secret"
    }
}

extension StripeClientSecret: CustomStringConvertible, CustomDebugStringConvertible {
    /// Without the secret.
    public var description: String { "client secret of \(paymentIntentID)" }
    public var debugDescription: String { description }
}
