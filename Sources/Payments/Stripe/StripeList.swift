/// One page of a list, newest first. Its items are read one by one: one that is not what the API documents, perhaps because
/// it is in a status that is new, does not hide the others.
/// Source: https://docs.stripe.com/api/pagination
public struct StripeList<Item: Decodable & Sendable>: Decodable, Sendable {
    /// The items that could be read.
    public let data: [Item]
    public let hasMore: Bool
    /// The others.
    public let unreadable: [StripeUnreadable]
    /// The cursors of the pages before and after, whether they could be read or not; nil when there are no items.
    public let firstID: String?
    public let lastID: String?

    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let items = try container.decode([StripeListItem<Item>].self, forKey: .data)
        hasMore = try container.decode(Bool.self, forKey: .hasMore)
        data = items.compactMap(\.value)
        unreadable = items.filter { $0.value == nil }.map(\.mark)
        firstID = items.first?.mark.id
        lastID = items.last?.mark.id
    }
}

/// What is known of an item that could not be read.
public struct StripeUnreadable: Decodable, Sendable, Hashable {
    public let id: String?
    /// Only our own keys.
    public let metadata: [String: String]

    enum CodingKeys: String, CodingKey { case id, metadata }

    public init(from decoder: any Decoder) throws {
        let container = try? decoder.container(keyedBy: CodingKeys.self)
        id = try? container?.decodeIfPresent(String.self, forKey: .id)
        metadata = ((try? container?.decodeIfPresent([String: String].self, forKey: .metadata)) ?? [:])
            .filter { StripePaymentIntent.metadataKeys.contains($0.key) }
    }
}

private struct StripeListItem<Item: Decodable & Sendable>: Decodable {
    let value: Item?
    let mark: StripeUnreadable

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        value = try? container.decode(Item.self)
        mark = try container.decode(StripeUnreadable.self)
    }
}
