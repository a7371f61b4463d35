/// One product's stock, with what of the product bears on reserving it.
struct ShelfItem: Sendable, Hashable {
    let sku: String
    let artisanID: String
    /// False when it is withdrawn from sale.
    let isActive: Bool
    /// The product's own hold; nil takes the service's.
    let ttl: Duration?
    var onHand: Int
    var reserved: Int
    /// Below so many available pieces the artisan is told; 0 for never.
    var lowStockThreshold: Int
    /// Told, and not recovered since.
    var isLowStockAlerted: Bool

    /// What can be sold.
    var available: Int { onHand - reserved }
}
