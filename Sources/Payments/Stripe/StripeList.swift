/// One page of a list, newest first.
/// Source: https://docs.stripe.com/api/pagination
public struct StripeList<Item: Decodable & Sendable>: Decodable, Sendable {
    public let data: [Item]
    public let hasMore: Bool

    public init(data: [Item], hasMore: Bool) {
        self.data = data
        self.hasMore = hasMore
    }

    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
    }
}
