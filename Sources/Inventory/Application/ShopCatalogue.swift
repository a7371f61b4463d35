import Crypto
import Outbox
import Postgres
public import ServiceRuntime

/// A whole shop as a CSV file, for whoever does not come over HTTP: the command line.
public struct ShopCatalogue: Sendable {
    let pool: PostgresPool
    let products: ProductStore
    let stock: StockBookStore

    init(pool: PostgresPool, products: ProductStore, stock: StockBookStore) {
        self.pool = pool
        self.products = products
        self.stock = stock
    }

    /// - Parameters:
    ///   - environment: of the inventory service.
    ///   - configuration: as the service's.
    public init(
        environment: ServiceEnvironment, configuration: InventoryConfiguration = InventoryConfiguration()
    ) {
        let service = InventoryService(environment: environment, configuration: configuration)
        self.init(pool: environment.pool, products: service.products, stock: service.store)
    }

    /// Writes the shop's file piece by piece.
    /// - Parameter hasSemicolons: separates by semicolons and writes prices with a comma, as Spanish spreadsheets do.
    public func export(
        shop artisanID: String, hasSemicolons: Bool = false, write: (String) async throws -> Void
    ) async throws {
        let export = ExportShop(separator: hasSemicolons ? .semicolon : .comma)
        try await write(export.header)
        var next: String?
        repeat {
            let page = try await export.page(of: artisanID, after: next, on: pool)
            try await write(page.text)
            next = page.next
        } while next != nil
    }

    /// Imports a file once: the same bytes again, for the same shop, give the first report again and change nothing.
    /// - Parameters:
    ///   - isPartial: takes the good lines although others are bad.
    ///   - isDryRun: only says what would come of it.
    ///   - isAgain: imports it although it was imported before.
    ///   - actor: who does it, for the stock ledger.
    /// - Throws: ``Problem``, as the HTTP interface answers.
    public func importFile(
        _ bytes: [UInt8], shop artisanID: String, isPartial: Bool, isDryRun: Bool, isAgain: Bool, actor: String
    ) async throws -> (report: ShopImportReport, isReplayed: Bool) {
        let digest = SHA256.hash(data: bytes).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return try await importFile(
            bytes, shop: artisanID, mode: ImportShop.Mode(isPartial: isPartial, isDryRun: isDryRun),
            by: Identity(subject: actor, role: .ops), key: isDryRun || isAgain ? nil : digest)
    }

    /// - Parameter key: under which the report is remembered; nil forgets it.
    func importFile(
        _ bytes: [UInt8], shop artisanID: String, mode: ImportShop.Mode, by identity: Identity, key: String?
    ) async throws -> (report: ShopImportReport, isReplayed: Bool) {
        let file = try ShopFile(bytes)
        let operation = ImportShop(products: products, stock: stock)
        return try await pool.withRetriedTransaction { transaction in
            guard let key else {
                let report = try await operation.run(file, shop: artisanID, mode: mode, by: identity, in: transaction)
                return (report, false)
            }
            let idempotency = IdempotentRequest(
                scope: "inventory.shop-import:\(identity.actor):\(artisanID)", key: key,
                hash: Array(SHA256.hash(data: [mode.isPartial ? 1 : 0] + bytes)))
            if let answer = try await idempotency.begin(in: transaction) {
                return (try AppJSON.decode(ShopImportReport.self, from: answer.json), true)
            }
            let report = try await operation.run(file, shop: artisanID, mode: mode, by: identity, in: transaction)
            idempotency.remember(status: 200, json: try AppJSON.encode(report), in: transaction)
            return (report, false)
        }
    }
}
