/// One movement of stock, as the ledger keeps it.
struct LedgerEntry: Sendable, Hashable {
    enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        /// Counted, delivered, broken: by hand.
        case adjusted
        case reserved
        /// Sold.
        case committed
        case released
        case expired
        /// Sold, and back on the shelf because the order was cancelled.
        case returned
    }

    let sku: String
    let kind: Kind
    let deltaOnHand: Int
    let deltaReserved: Int
    let reason: String
    /// `system`, or a role and a subject, such as `artisan:ana`.
    let actor: String
    /// The reservation's or the adjustment's id.
    let reference: String?
}
