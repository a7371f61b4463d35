/// What this service reads of a refund.
/// Source: https://docs.stripe.com/api/refunds/object
public struct StripeRefund: Codable, Sendable, Hashable {
    /// Where a refund is in its life.
    public enum Status: String, Codable, Sendable, Hashable, CaseIterable {
        case pending
        case requiresAction = "requires_action"
        case succeeded
        case failed
        case canceled
        /// None (Stripe says that it may be null), or one that is new at Stripe: the refund is there, and how it ends is not
        /// known.
        case unknown
    }

    public let id: String
    public let status: Status
    /// Minor units.
    public let amount: Int64
    /// In lower case.
    public let currency: String
    public let paymentIntent: String?
    public let failureReason: String?
    /// Only our own keys.
    public let metadata: [String: String]

    public init(
        id: String, status: Status, amount: Int64, currency: String, paymentIntent: String?,
        failureReason: String? = nil, metadata: [String: String] = [:]
    ) {
        self.id = id
        self.status = status
        self.amount = amount
        self.currency = currency
        self.paymentIntent = paymentIntent
        self.failureReason = failureReason
        self.metadata = metadata
    }

    enum CodingKeys: String, CodingKey {
        case id, status, amount, currency, metadata
        case paymentIntent = "payment_intent"
        case failureReason = "failure_reason"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        status =
            try container.decodeIfPresent(String.self, forKey: .status).flatMap(Status.init(rawValue:)) ?? .unknown
        amount = try container.decode(Int64.self, forKey: .amount)
        currency = try container.decode(String.self, forKey: .currency)
        paymentIntent = try container.decodeIfPresent(StripeReference.self, forKey: .paymentIntent)?.id
        failureReason = try container.decodeIfPresent(String.self, forKey: .failureReason)
        metadata = (try container.decodeIfPresent([String: String].self, forKey: .metadata) ?? [:])
            .filter { StripePaymentIntent.metadataKeys.contains($0.key) }
    }
}
