/// What a caller is.
public enum Role: String, Codable, Sendable, Hashable, CaseIterable {
    /// Buys; sees its own orders and payments only.
    case customer
    /// Makes and sells; changes its own products only.
    case artisan
    /// Runs the marketplace; may see and repair everything.
    case ops
}
