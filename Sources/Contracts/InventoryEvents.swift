public import Foundation

/// So many pieces of one product.
public struct StockLine: Codable, Sendable, Hashable {
    public let sku: String
    public let quantity: Int

    public init(sku: String, quantity: Int) {
        self.sku = sku
        self.quantity = quantity
    }
}

/// A line that could not be reserved; an unknown or withdrawn product has nothing available.
public struct Shortage: Codable, Sendable, Hashable {
    public let sku: String
    public let requested: Int
    public let available: Int

    public init(sku: String, requested: Int, available: Int) {
        self.sku = sku
        self.requested = requested
        self.available = available
    }
}

/// `inventory.reserved.v1`: all lines of the order are held until `expiresAt`.
public struct InventoryReserved: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    /// A later reservation of an order has a greater id than an earlier one.
    public let reservationId: UUID
    public let lines: [StockLine]
    /// When the hold ends by itself, by inventory's database clock.
    public let expiresAt: Date

    public init(orderId: UUID, sagaId: UUID, reservationId: UUID, lines: [StockLine], expiresAt: Date) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.reservationId = reservationId
        self.lines = lines
        self.expiresAt = expiresAt
    }
}

/// `inventory.out-of-stock.v1`: nothing is held; every line that was short is listed.
public struct InventoryOutOfStock: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    public let shortages: [Shortage]

    public init(orderId: UUID, sagaId: UUID, shortages: [Shortage]) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.shortages = shortages
    }
}

/// `inventory.released.v1`: nothing is held for the order any more. It is also the answer when there was nothing to
/// release (no lines), because the saga waits for it to know that the undo is done.
public struct InventoryReleased: Codable, Sendable, Hashable {
    public let orderId: UUID
    public let sagaId: UUID
    /// Nil when there was no reservation.
    public let reservationId: UUID?
    /// `cancelled`, `failed`, `expired` or `operator`.
    public let reason: String
    public let lines: [StockLine]

    public init(orderId: UUID, sagaId: UUID, reservationId: UUID?, reason: String, lines: [StockLine]) {
        self.orderId = orderId
        self.sagaId = sagaId
        self.reservationId = reservationId
        self.reason = reason
        self.lines = lines
    }
}

/// `inventory.low-stock.v1`: what can be sold fell below the product's threshold; once per crossing.
public struct InventoryLowStock: Codable, Sendable, Hashable {
    public let sku: String
    public let artisanId: String
    /// On hand less reserved.
    public let available: Int
    public let threshold: Int

    public init(sku: String, artisanId: String, available: Int, threshold: Int) {
        self.sku = sku
        self.artisanId = artisanId
        self.available = available
        self.threshold = threshold
    }
}

/// `inventory.product-changed.v1`: a product as it is now; it feeds the order service's prices.
public struct InventoryProductChanged: Codable, Sendable, Hashable {
    public let sku: String
    public let artisanId: String
    public let title: String
    public let price: Money
    /// False when the product is withdrawn from sale.
    public let active: Bool
    /// Rises with each change; a replica ignores what is older than what it has.
    public let version: Int64

    public init(sku: String, artisanId: String, title: String, price: Money, active: Bool, version: Int64) {
        self.sku = sku
        self.artisanId = artisanId
        self.title = title
        self.price = price
        self.active = active
        self.version = version
    }
}
