/// What this service reads of a charge.
/// Source: https://docs.stripe.com/api/charges/object
public struct StripeCharge: Decodable, Sendable, Hashable {
    public let id: String
    /// Nil when it was made without one, so by somebody else.
    public let paymentIntent: String?

    enum CodingKeys: String, CodingKey {
        case id
        case paymentIntent = "payment_intent"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        paymentIntent = try container.decodeIfPresent(StripeReference.self, forKey: .paymentIntent)?.id
    }
}
