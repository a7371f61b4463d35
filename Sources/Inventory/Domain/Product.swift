import Contracts
import Foundation

/// A piece in the catalogue.
struct Product: Sendable, Hashable {
    let sku: String
    var artisanID: String
    var title: String
    var description: String
    var price: Money
    /// False when it is withdrawn from sale.
    var isActive: Bool
    /// How long it is held for an order; nil takes the service's default.
    var reservationTTL: Duration?
    /// Rises with each change.
    var version: Int64
    var createdAt: Date
    var updatedAt: Date

    /// What can be set of it.
    var draft: ProductDraft {
        ProductDraft(
            artisanID: artisanID, title: title, description: description, price: price, isActive: isActive,
            reservationTTL: reservationTTL)
    }

    /// What the other services are told: the product as it is now.
    var changed: InventoryProductChanged {
        InventoryProductChanged(
            sku: sku, artisanId: artisanID, title: title, price: price, active: isActive, version: version)
    }
}
