/// The columns of a shop's file. Their names are those of the HTTP interface's JSON.
enum ShopColumn: String, CaseIterable, Sendable, Codable {
    case sku, title, description, price, currency, active
    case reservationTTLSeconds
    case lowStockThreshold
    /// The version that was exported, so that a change made since is not overwritten; `*` overwrites it.
    case version
    /// Pieces to put on the shelf (below zero: to take off). Not how many there are: pieces may be sold while the file
    /// is edited.
    case adjustStock
    /// Written by the export, for people; not read.
    case onHand, reserved

    static let required: [ShopColumn] = [.sku, .title, .price, .currency]
}
