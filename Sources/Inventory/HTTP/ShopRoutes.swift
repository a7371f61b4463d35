import Foundation
import Hummingbird
import Postgres
import ServiceRuntime

/// A whole shop as a CSV file, out and in: for its own artisan and for operators.
struct ShopRoutes: Sendable {
    static let maxBytes = 8 * 1024 * 1024
    static let contentType = "text/csv; charset=utf-8; header=present"

    let pool: PostgresPool
    let products: ProductStore
    let stock: StockBookStore

    func add(to router: Router<AppRequestContext>) {
        router.get("/shops/{artisanId}/products.csv", use: export)
        router.post("/shops/{artisanId}/products.csv", use: importFile)
    }

    @Sendable private func export(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let artisanID = try context.text("artisanId")
        try context.requireIdentity().requireShop(artisanID)
        let export = ExportShop(separator: try Self.separator(request))
        let safeName = artisanID.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
        return Response(
            status: .ok,
            headers: [
                .contentType: Self.contentType,
                .contentDisposition: "attachment; filename=\"products-\(safeName).csv\"",
                .cacheControl: "no-store",
            ],
            body: ResponseBody { [pool] writer in
                try await writer.write(ByteBuffer(string: export.header))
                var next: String?
                repeat {
                    let page = try await export.page(of: artisanID, after: next, on: pool)
                    try await writer.write(ByteBuffer(string: page.text))
                    next = page.next
                } while next != nil
                try await writer.finish(nil)
            })
    }

    @Sendable private func importFile(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.artisan, .ops)
        let artisanID = try context.text("artisanId")
        try identity.requireShop(artisanID)
        if let given = request.headers[.contentType], !given.lowercased().hasPrefix("text/csv") {
            throw Problem.unsupportedMediaType(given: given, expected: "text/csv")
        }
        let mode = ImportShop.Mode(
            isPartial: try Self.flag("partial", request), isDryRun: try Self.flag("dryRun", request))
        let key = mode.isDryRun ? nil : try request.idempotencyKey()
        let bytes = try await collectBody(of: request, maxBytes: Self.maxBytes)
        let shop = ShopCatalogue(pool: pool, products: products, stock: stock)
        let result = try await shop.importFile(
            bytes, shop: artisanID, mode: mode, by: identity, key: key)
        return Response(
            status: .ok, headers: result.isReplayed ? [.idempotentReplayed: "true"] : [:],
            jsonBytes: try AppJSON.encode(result.report))
    }

    private static func flag(_ name: String, _ request: Request) throws(Problem) -> Bool {
        guard let text = request.uri.queryParameters[name[...]] else { return false }
        guard let flag = Bool(String(text)) else { throw .invalidParameter(name, expected: "true or false") }
        return flag
    }

    private static func separator(_ request: Request) throws(Problem) -> CSV.Separator {
        switch request.uri.queryParameters["separator"] {
        case nil, "comma": return .comma
        case "semicolon": return .semicolon
        case "tab": return .tab
        default: throw .invalidParameter("separator", expected: "comma, semicolon or tab")
        }
    }
}
