import Contracts

/// What the service tells the others about stock.
enum StockMessage: Sendable, Hashable {
    case reserved(InventoryReserved)
    case outOfStock(InventoryOutOfStock)
    case released(InventoryReleased)
    case lowStock(InventoryLowStock)
}
