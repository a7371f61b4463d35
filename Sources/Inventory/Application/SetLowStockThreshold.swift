import Postgres
import ServiceRuntime

/// Sets below how many available pieces the artisan is told; 0 for never. It may be crossed by being set.
struct SetLowStockThreshold: Sendable {
    static let range = 0...1_000_000

    let store: StockBookStore

    /// - Parameter check: of the shelf as it is now.
    /// - Throws: ``Problem`` 404, 403, 422 `validation_failed`, and what `check` throws.
    func run(
        _ sku: String, _ threshold: Int, by identity: Identity, check: Check<ShelfItem> = { _ in },
        in transaction: PostgresTransaction
    ) async throws -> ShelfItem {
        try identity.require(.artisan, .ops)
        guard Self.range.contains(threshold) else {
            throw Problem.validation("threshold", code: "range", "has to be from 0 to \(Self.range.upperBound)")
        }
        var book = try await store.load(skus: [sku], actor: identity.actor, in: transaction)
        guard let item = book.shelf[sku] else { throw Problem.notFound("product") }
        try identity.requireOwner(artisanID: item.artisanID, sku: sku, isVisible: item.isActive)
        try check(item)
        try book.setLowStockThreshold(threshold, of: sku)
        try store.save(book, in: transaction)
        return book.shelf[sku] ?? item
    }
}
