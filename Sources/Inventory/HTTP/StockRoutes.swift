import Crypto
import Hummingbird
import Outbox
import Postgres
import ServiceRuntime

/// The shelf over HTTP: for a product's own artisan and for operators.
struct StockRoutes: Sendable {
    let pool: PostgresPool
    let store: StockBookStore
    let products: ProductStore

    func add(to router: Router<AppRequestContext>) {
        router.get("/products/{sku}/stock", use: show)
        router.get("/products/{sku}/stock/adjustments", use: ledger)
        router.post("/products/{sku}/stock/adjustments", use: adjust)
        router.get("/products/{sku}/low-stock-threshold", use: showThreshold)
        router.put("/products/{sku}/low-stock-threshold", use: setThreshold)
    }

    @Sendable private func show(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try TaggedJSON(try await stock(context)).answer(to: request)
    }

    @Sendable private func showThreshold(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try TaggedJSON(ThresholdBody(threshold: try await stock(context).lowStockThreshold)).answer(to: request)
    }

    private func stock(_ context: AppRequestContext) async throws -> StockView {
        let sku = try await ownProduct(context)
        guard let level = try await StockReader.level(sku, on: pool) else { throw Problem.notFound("product") }
        return StockView(level)
    }

    @Sendable private func ledger(_ request: Request, _ context: AppRequestContext) async throws -> Page<MovementView> {
        let page = try PageRequest<Int64>(request)
        var kind: LedgerEntry.Kind?
        if let text = request.uri.queryParameters["kind"] {
            kind = LedgerEntry.Kind(rawValue: String(text))
            guard kind != nil else {
                let kinds = LedgerEntry.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem.invalidParameter("kind", expected: "one of \(kinds)")
            }
        }
        let sku = try await ownProduct(context)
        let rows = try await StockReader.movements(
            of: sku, before: page.cursor, kind: kind, limit: page.limit + 1, on: pool)
        return try Page(rows: rows.map(MovementView.init), for: page, cursor: \.id)
    }

    @Sendable private func adjust(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.artisan, .ops)
        let sku = try context.text("sku")
        let key = try request.idempotencyKey()
        let adjustment = try await decodeJSON(AdjustStock.Adjustment.self, from: request, context: context)
        let idempotency = IdempotentRequest(
            scope: "inventory.adjustments:\(identity.actor)", key: key,
            hash: Array(SHA256.hash(data: Array(sku.utf8) + [0] + (try AppJSON.encode(adjustment)))))
        let check = Self.check(request) { try TaggedJSON(StockView($0)) }
        let location = "/products/\(sku)/stock/adjustments"
        return try await pool.withRetriedTransaction { transaction in
            if let answer = try await idempotency.begin(in: transaction) {
                return Response(
                    status: .init(code: answer.status), headers: [.location: location, .idempotentReplayed: "true"],
                    jsonBytes: answer.json)
            }
            let receipt = try await AdjustStock(store: store).run(
                sku, adjustment, by: identity, check: check, in: transaction)
            let json = try AppJSON.encode(receipt)
            idempotency.remember(status: HTTPResponse.Status.created.code, json: json, in: transaction)
            return Response(status: .created, headers: [.location: location], jsonBytes: json)
        }
    }

    @Sendable private func setThreshold(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.artisan, .ops)
        let sku = try context.text("sku")
        let body = try await decodeJSON(ThresholdBody.self, from: request, context: context)
        let check = Self.check(request) { try TaggedJSON(ThresholdBody(threshold: $0.lowStockThreshold)) }
        let item = try await pool.withRetriedTransaction { transaction in
            try await SetLowStockThreshold(store: store).run(
                sku, body.threshold, by: identity, check: check, in: transaction)
        }
        // The tag is that of what was put; the answer shows what it led to.
        return try .json(StockView(item), headers: [.eTag: TaggedJSON(body).tag.description])
    }

    /// `If-Match`, where it is sent, has to name what the shelf says now.
    private static func check(
        _ request: Request, of tagged: @escaping @Sendable (ShelfItem) throws -> TaggedJSON
    ) -> Check<ShelfItem> {
        { (item: ShelfItem) throws(Problem) in
            guard let tag = try? tagged(item).tag else { throw .preconditionFailed() }
            try request.requireMatch(tag)
        }
    }

    /// The SKU in the path, when the caller may see its stock.
    private func ownProduct(_ context: AppRequestContext) async throws -> String {
        let identity = try context.requireRole(.artisan, .ops)
        guard let product = try await products.find(try context.text("sku"), on: pool) else {
            throw Problem.notFound("product")
        }
        try identity.requireOwner(of: product)
        return product.sku
    }
}
