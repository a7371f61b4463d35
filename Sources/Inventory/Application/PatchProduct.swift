import Postgres
import ServiceRuntime

/// Changes some of a product.
struct PatchProduct: Sendable {
    let products: ProductStore

    /// - Parameters:
    ///   - change: applied to the product as it is once it is locked.
    ///   - check: of the version that the caller has seen.
    /// - Throws: ``Problem`` 404, 403, 422, and what `check` throws.
    func run(
        _ sku: String, by identity: Identity, check: VersionCheck, in transaction: PostgresTransaction,
        change: @Sendable (inout ProductDraft) -> Void
    ) async throws -> Product {
        try identity.require(.artisan, .ops)
        guard let product = try await products.lock(sku, in: transaction) else { throw Problem.notFound("product") }
        try identity.requireOwner(of: product)
        try check(product.version, false)
        var draft = product.draft
        change(&draft)
        guard identity.role == .ops || draft.artisanID == product.artisanID else {
            throw Problem.forbidden("only operators hand a product to another artisan")
        }
        try draft.validate(over: product.draft)
        return draft == product.draft ? product : try await products.update(sku, draft, in: transaction)
    }
}
