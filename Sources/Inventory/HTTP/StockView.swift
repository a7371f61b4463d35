import Foundation

/// A product's shelf as its artisan sees it.
struct StockView: Codable, Sendable, Hashable {
    let sku: String
    let onHand: Int
    /// Held for orders that are not settled yet.
    let reserved: Int
    /// On hand less reserved.
    let available: Int
    /// 0 for never.
    let lowStockThreshold: Int
    /// Told, and not recovered since.
    let lowStock: Bool

    init(_ level: StockReader.Level) {
        sku = level.sku
        onHand = level.onHand
        reserved = level.reserved
        available = level.onHand - level.reserved
        lowStockThreshold = level.lowStockThreshold
        lowStock = level.isLowStockAlerted
    }

    init(_ item: ShelfItem) {
        sku = item.sku
        onHand = item.onHand
        reserved = item.reserved
        available = item.available
        lowStockThreshold = item.lowStockThreshold
        lowStock = item.isLowStockAlerted
    }
}

/// One movement of the ledger.
struct MovementView: Codable, Sendable, Hashable {
    let id: Int64
    let kind: String
    let deltaOnHand: Int
    let deltaReserved: Int
    let reason: String
    let actor: String
    let reference: String?
    let at: Date

    init(_ movement: StockReader.Movement) {
        id = movement.id
        kind = movement.kind.rawValue
        deltaOnHand = movement.deltaOnHand
        deltaReserved = movement.deltaReserved
        reason = movement.reason
        actor = movement.actor
        reference = movement.reference
        at = movement.at
    }
}

/// The body of `GET` and `PUT /products/{sku}/low-stock-threshold`.
struct ThresholdBody: Codable, Sendable {
    let threshold: Int
}
