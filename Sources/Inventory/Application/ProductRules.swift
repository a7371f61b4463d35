import ServiceRuntime

extension Identity {
    /// Passes for the product's artisan, and for operators.
    /// - Throws: ``Problem`` 403 `role_required` or `forbidden`; 404 for a withdrawn product, which others do not see.
    func requireOwner(of product: Product) throws(Problem) {
        try requireOwner(artisanID: product.artisanID, sku: product.sku, isVisible: product.isActive)
    }

    func requireOwner(artisanID: String, sku: String, isVisible: Bool) throws(Problem) {
        try require(.artisan, .ops)
        guard role == .ops || subject == artisanID else {
            throw isVisible ? .forbidden("the product is another artisan's") : .notFound("product")
        }
    }

    /// Who, in the ledger.
    var actor: String { "\(role.rawValue):\(subject)" }
}

/// What a caller expects, checked once it is loaded under its lock and before anything is changed.
typealias Check<Value> = @Sendable (Value) throws(Problem) -> Void

/// Checked once the product's present version is known; nil when there is no such product. The flag says that the product
/// is already as the caller wants it.
typealias VersionCheck = @Sendable (_ version: Int64?, _ isSo: Bool) throws(Problem) -> Void
