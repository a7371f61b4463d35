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
        try tell(product, in: transaction)
        return product
    }

    /// Writes a product that is locked, and tells the others.
    func update(_ sku: String, _ draft: ProductDraft, in transaction: PostgresTransaction) async throws -> Product {
        guard let row = try await transaction.query(bind(ProductSQL.update, sku, draft)).first else {
            throw StockBookError.unknownProduct(sku)
        }
        let product = try Product(row)
        try tell(product, in: transaction)
        return product
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

    private func tell(_ product: Product, in transaction: PostgresTransaction) throws {
        let event = try OutboxEvent(
            type: EventType.inventoryProductChanged, aggregateType: "product", aggregateID: product.sku,
            source: InventoryService.source, data: product.changed)
        outbox.append([event], in: transaction)
    }
}

extension Product {
    /// A row of ``ProductSQL``.
    init(_ row: PostgresRow) throws {
        let (sku, artisan, title, description, amount, currency, active, ttl, version, createdAt, updatedAt) =
            try row.decode(
                String.self, String.self, String.self, String.self, Int64.self, String.self, Bool.self, Int64?.self,
                Int64.self, Date.self, Date.self)
        self.init(
            sku: sku, artisanID: artisan, title: title, description: description,
            price: Money(amount: amount, currency: currency), isActive: active,
            reservationTTL: ttl.map { .microseconds($0) }, version: version, createdAt: createdAt,
            updatedAt: updatedAt)
    }
}
