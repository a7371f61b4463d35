/// Another object, of which Stripe gives the id or, expanded, the whole.
struct StripeReference: Codable, Sendable, Hashable {
    let id: String

    private struct Expanded: Codable { let id: String }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let id = try? container.decode(String.self) {
            self.id = id
        } else {
            id = try container.decode(Expanded.self).id
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(id)
    }
}
