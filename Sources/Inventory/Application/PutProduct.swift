import Postgres
import ServiceRuntime

/// Makes a product, or replaces all that its artisan decides.
struct PutProduct: Sendable {
    enum Result: Sendable, Hashable {
        case created(Product)
        case updated(Product)
        /// It was so already: no new version, nobody is told. So a repeated PUT does no harm.
        case unchanged(Product)

        var product: Product {
            switch self {
            case .created(let product), .updated(let product), .unchanged(let product): product
            }
        }
    }

    let products: ProductStore

    /// - Parameter check: of the version that the caller has seen.
    /// - Throws: ``Problem`` 422 for a wrong draft, 403 or 404 for another artisan's product, and what `check` throws.
    func run(
        _ sku: String, _ draft: ProductDraft, by identity: Identity, check: VersionCheck,
        in transaction: PostgresTransaction
    ) async throws -> Result {
        try identity.require(.artisan, .ops)
        guard SKU.isValid(sku) else { throw Problem.validation("sku", "has to be \(SKU.form)") }
        // Made by somebody else between looking and inserting: look again.
        while true {
            if let product = try await products.lock(sku, in: transaction) {
                return try await replace(product, with: draft, by: identity, check: check, in: transaction)
            }
            guard identity.role == .ops || draft.artisanID == identity.subject else {
                throw Problem.forbidden("an artisan makes products of their own only")
            }
            try draft.validate()
            try check(nil, false)
            if let product = try await products.insert(sku, draft, in: transaction) { return .created(product) }
        }
    }

    private func replace(
        _ product: Product, with draft: ProductDraft, by identity: Identity, check: VersionCheck,
        in transaction: PostgresTransaction
    ) async throws -> Result {
        try identity.requireOwner(of: product)
        guard identity.role == .ops || draft.artisanID == product.artisanID else {
            throw Problem.forbidden("only operators hand a product to another artisan")
        }
        try draft.validate(over: product.draft)
        let isSo = draft == product.draft
        try check(product.version, isSo)
        if isSo { return .unchanged(product) }
        return .updated(try await products.update(product.sku, draft, in: transaction))
    }
}
