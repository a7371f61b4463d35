import Contracts
import Foundation
import Outbox
import Postgres

/// Reads and writes the catalogue.
struct ProductStore: Sendable {
    let outbox: OutboxWriter

    func find(_ sku: String, on executor: any PostgresExecutor) async throws -> Product? {
        try await executor.query(ProductSQL.find.bind(sku)).first.map(Product.init)
    }

    func lock(_ sku: String, in transaction: PostgresTransaction) async throws -> Product? {
        try await transaction.query(ProductSQL.lock.bind(sku)).first.map(Product.init)
    }

    /// Makes the product with an empty shelf, and tells the others.
    /// - Returns: nil when it is there already.
    func insert(_ sku: String, _ draft: ProductDraft, in transaction: PostgresTransaction) async throws -> Product? {
        let row = try await transaction.query(bind(ProductSQL.insert, sku, draft)).first
        guard let product = try row.map(Product.init) else { return nil }
        transaction.enqueue(ProductSQL.insertStock.bind(sku))
        try tell([product], in: transaction)
        return product
    }

    /// Writes a product that is locked, and tells the others.
    func update(_ sku: String, _ draft: ProductDraft, in transaction: PostgresTransaction) async throws -> Product {
        guard let row = try await transaction.query(bind(ProductSQL.update, sku, draft)).first else {
            throw StockBookError.unknownProduct(sku)
        }
        let product = try Product(row)
        try tell([product], in: transaction)
        return product
    }

    // MARK: Many at once

    /// Those of the SKUs that are products, locked.
    func lock(_ skus: [String], in transaction: PostgresTransaction) async throws -> [String: Product] {
        let products = try await transaction.query(ShopSQL.lock.bind(skus)).map(Product.init)
        return Dictionary(uniqueKeysWithValues: products.map { ($0.sku, $0) })
    }

    /// Makes products with empty shelves, and tells the others.
    /// - Returns: the SKUs that were made: those that are there already are left as they are.
    func insert(_ drafts: [(String, ProductDraft)], in transaction: PostgresTransaction) async throws -> Set<String> {
        guard !drafts.isEmpty else { return [] }
        let products = try await transaction.query(bind(ShopSQL.insert, drafts)).map(Product.init)
        transaction.enqueue(ShopSQL.insertStock.bind(products.map(\.sku)))
        try tell(products, in: transaction)
        return Set(products.map(\.sku))
    }

    /// Writes products that are locked, and tells the others.
    func update(_ drafts: [(String, ProductDraft)], in transaction: PostgresTransaction) async throws {
        guard !drafts.isEmpty else { return }
        try tell(try await transaction.query(bind(ShopSQL.update, drafts)).map(Product.init), in: transaction)
    }

    private func bind(_ statement: Statement, _ drafts: [(String, ProductDraft)]) -> BoundStatement {
        statement.bind(
            drafts.map(\.0), drafts.map(\.1.artisanID), drafts.map(\.1.title), drafts.map(\.1.description),
            drafts.map(\.1.price.amount), drafts.map(\.1.price.currency), drafts.map(\.1.isActive),
            drafts.map { $0.1.reservationTTL?.wholeMicroseconds })
    }

    /// What a list may show.
    struct Filter: Sendable {
        var words: String?
        var artisanID: String?
        var isActive: Bool?
        /// Withdrawn products of all artisans too.
        var showsWithdrawn = false
        /// Withdrawn products of this artisan too.
        var viewer: String?
    }

    /// Up to `limit` products behind a SKU.
    func list(
        _ filter: Filter, after sku: String?, limit: Int, on executor: any PostgresExecutor
    ) async throws -> [Product] {
        try await executor.query(
            ProductSQL.list.bind(
                sku, filter.words.map(Self.pattern), filter.artisanID, filter.isActive, filter.showsWithdrawn,
                filter.viewer, limit)
        ).map(Product.init)
    }

    /// The words anywhere in the text; what LIKE would take for wildcards is taken as it is.
    static func pattern(_ words: String) -> String {
        "%" + words.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_") + "%"
    }

    private func bind(_ statement: Statement, _ sku: String, _ draft: ProductDraft) -> BoundStatement {
        statement.bind(
            sku, draft.artisanID, draft.title, draft.description, draft.price.amount, draft.price.currency,
            draft.isActive, draft.reservationTTL?.wholeMicroseconds)
    }

    private func tell(_ products: [Product], in transaction: PostgresTransaction) throws {
        let events = try products.map { product in
            try OutboxEvent(
                type: EventType.inventoryProductChanged, aggregateType: "product", aggregateID: product.sku,
                source: InventoryService.source, data: product.changed)
        }
        outbox.append(events, in: transaction)
    }
}

extension Product {
    /// The first columns of a row of ``ProductSQL`` or ``ShopSQL``.
    init(_ row: PostgresRow) throws {
        self.init(
            sku: try row.get(0), artisanID: try row.get(1), title: try row.get(2), description: try row.get(3),
            price: Money(amount: try row.get(4), currency: try row.get(5)), isActive: try row.get(6),
            reservationTTL: try row.get(7, as: Int64?.self).map { .microseconds($0) }, version: try row.get(8),
            createdAt: try row.get(9), updatedAt: try row.get(10))
    }
}
