import Contracts
import Foundation
import Postgres

/// The order service's own replica of the catalogue, from which orders are priced.
struct CatalogueStore: Sendable {
    /// Takes over products as inventory told of them; what is not newer than what is here is left out.
    /// - Returns: the SKUs that changed.
    func store(_ products: [InventoryProductChanged], in transaction: PostgresTransaction) async throws -> Set<String> {
        // One statement cannot touch a row twice: only the newest of each product.
        var newest: [String: InventoryProductChanged] = [:]
        for product in products where newest[product.sku].map({ $0.version < product.version }) ?? true {
            newest[product.sku] = product
        }
        let rows = Array(newest.values)
        let changed = try await transaction.query(
            CatalogueSQL.store.bind(
                rows.map(\.sku), rows.map(\.artisanId), rows.map(\.title), rows.map(\.price.amount),
                rows.map(\.price.currency), rows.map(\.active), rows.map(\.version)))
        return Set(try changed.map { try $0.get(0, as: String.self) })
    }
}

/// A product as the replica knows it.
struct CatalogueProduct: Sendable, Hashable {
    let sku: String
    let artisanID: String
    let title: String
    let price: Money
    let isActive: Bool

    init(_ row: PostgresRow) throws {
        sku = try row.get(0)
        artisanID = try row.get(1)
        title = try row.get(2)
        price = Money(amount: try row.get(3), currency: try row.get(4))
        isActive = try row.get(5)
    }
}
