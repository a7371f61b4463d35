import Hummingbird
import Postgres
import ServiceRuntime

/// The catalogue over HTTP.
struct ProductRoutes: Sendable {
    /// Anybody may look at what is for sale.
    static let publicRoutes = ["GET /products", "GET /products/{sku}"]

    let pool: PostgresPool
    let products: ProductStore

    func add(to router: Router<AppRequestContext>) {
        router.get("/products", use: list)
        router.get("/products/{sku}", use: show)
        router.put("/products/{sku}", use: put)
        router.patch("/products/{sku}", use: patch)
    }

    @Sendable private func list(_ request: Request, _ context: AppRequestContext) async throws -> Page<ProductView> {
        let page = try PageRequest<String>(request)
        let query = request.uri.queryParameters
        var filter = ProductStore.Filter()
        if let words = query["q"], !words.isEmpty {
            guard words.count <= 100 else { throw Problem.invalidParameter("q", expected: "at most 100 characters") }
            filter.words = String(words)
        }
        filter.artisanID = query["artisan"].map(String.init)
        if let active = query["active"] {
            guard let isActive = Bool(String(active)) else {
                throw Problem.invalidParameter("active", expected: "true or false")
            }
            filter.isActive = isActive
        }
        // What is withdrawn is shown to its artisan and to operators.
        filter.showsWithdrawn = context.identity?.role == .ops
        filter.viewer = context.identity?.role == .artisan ? context.identity?.subject : nil
        let rows = try await products.list(filter, after: page.cursor, limit: page.limit + 1, on: pool)
        return try Page(rows: rows.map(ProductView.init), for: page, cursor: \.sku)
    }

    @Sendable private func show(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        guard let product = try await products.find(try context.text("sku"), on: pool) else {
            throw Problem.notFound("product")
        }
        if !product.isActive {
            let identity = context.identity
            let isOwn = identity?.role == .artisan && identity?.subject == product.artisanID
            guard isOwn || identity?.role == .ops else { throw Problem.notFound("product") }
        }
        if let unchanged = request.notModified(ETag(version: product.version)) { return unchanged }
        return try ProductView(product).response()
    }

    @Sendable private func put(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.artisan, .ops)
        let sku = try context.text("sku")
        let draft = try await decodeJSON(ProductBody.self, from: request, context: context).draft(by: identity)
        let check = Self.check(request)
        let result = try await pool.withRetriedTransaction { transaction in
            try await PutProduct(products: products).run(sku, draft, by: identity, check: check, in: transaction)
        }
        if case .created(let product) = result {
            return try ProductView(product).response(status: .created, headers: [.location: "/products/\(sku)"])
        }
        return try ProductView(result.product).response()
    }

    @Sendable private func patch(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.artisan, .ops)
        let sku = try context.text("sku")
        let body = try await decodeJSON(ProductPatch.self, from: request, context: context)
        let check = Self.check(request)
        let product = try await pool.withRetriedTransaction { transaction in
            try await PatchProduct(products: products).run(sku, by: identity, check: check, in: transaction) {
                body.apply(to: &$0)
            }
        }
        return try ProductView(product).response()
    }

    /// A change needs `If-Match` with the version that the caller has seen, or `*`; `If-None-Match: *` only makes.
    /// A product that is so already needs no `If-Match`, and none that is still right: its answer may have been lost.
    /// Source: RFC 9110, sections 13.1.1 and 13.1.2; RFC 6585, section 3.
    private static func check(_ request: Request) -> VersionCheck {
        { (version: Int64?, isSo: Bool) throws(Problem) in
            guard let version else {
                guard request.headers[.ifMatch] == nil else { throw .preconditionFailed() }
                return
            }
            let tag = ETag(version: version)
            guard request.notModified(tag) == nil else { throw .preconditionFailed(current: tag) }
            if isSo { return }
            guard request.headers[.ifMatch] != nil else {
                throw Problem(
                    .preconditionRequired, code: "precondition_required", title: "Precondition required",
                    detail: "send If-Match with the ETag of the product that you have seen",
                    headers: [.eTag: tag.description])
            }
            try request.requireMatch(tag)
        }
    }
}
