import Foundation
import Outbox
import Postgres
import ServiceRuntime

/// Makes and changes many products of one artisan from a file, with their stock: all of it or nothing, unless the
/// caller wants the good lines of a file that has bad ones.
struct ImportShop: Sendable {
    /// How a file is taken.
    struct Mode: Sendable, Hashable {
        /// Takes the good lines although others are bad.
        var isPartial = false
        /// Says what would come of it, and writes nothing.
        var isDryRun = false
    }

    let products: ProductStore
    let stock: StockBookStore

    /// - Throws: ``Problem`` 403 for another's shop, 422 `import_refused` with every bad line (``ShopLineError``) unless
    ///   the mode is partial.
    func run(
        _ file: ShopFile, shop artisanID: String, mode: Mode, by identity: Identity,
        in transaction: PostgresTransaction
    ) async throws -> ShopImportReport {
        try identity.requireShop(artisanID)
        let skus = file.lines.map(\.sku)
        var plan = ShopImportPlan(
            file.lines, products: try await products.lock(skus, in: transaction), artisanID: artisanID)
        let reference = UUID.v7()
        // The shelves of the products that are there: what they refuse is known before anything is written.
        var book = try await stock.load(
            skus: plan.updates.map(\.line.sku), actor: identity.actor, in: transaction)
        plan.apply(to: &book, reference: reference)
        if !mode.isPartial { try Self.refuse(file.errors + plan.errors, of: file) }
        if !mode.isDryRun {
            let made = try await products.insert(
                plan.creates.map { ($0.line.sku, $0.draft) }, in: transaction)
            plan.dropRaced(made)
            if !mode.isPartial { try Self.refuse(plan.errors, of: file) }
            try await products.update(
                plan.updates.filter(\.isChange).map { ($0.line.sku, $0.draft) }, in: transaction)
            try stock.save(book, in: transaction)
            try await stockNew(plan.creates.map(\.line), reference: reference, by: identity, in: transaction)
        }
        let changes = plan.creates + plan.updates
        return ShopImportReport(
            created: plan.creates.count, updated: plan.updates.count(where: \.isChange),
            unchanged: plan.updates.count { !$0.isChange },
            adjusted: changes.count { $0.line.adjustStock != 0 }, isDryRun: mode.isDryRun,
            errors: Self.sorted(file.errors + plan.errors))
    }

    /// The first pieces of new products.
    private func stockNew(
        _ lines: [ShopLine], reference: UUID, by identity: Identity, in transaction: PostgresTransaction
    ) async throws {
        let lines = lines.filter { $0.adjustStock != 0 || ($0.lowStockThreshold ?? 0) != 0 }
        guard !lines.isEmpty else { return }
        var book = try await stock.load(skus: lines.map(\.sku), actor: identity.actor, in: transaction)
        for line in lines { try ShopImportPlan.apply(line, to: &book, reference: reference) }
        try stock.save(book, in: transaction)
    }

    private static func refuse(_ errors: [ShopLineError], of file: ShopFile) throws(Problem) {
        guard !errors.isEmpty else { return }
        let bad = Set(errors.map(\.line)).count
        throw Problem.unprocessable(
            code: "import_refused",
            "\(bad) of \(file.lines.count + Set(file.errors.map(\.line)).count) lines are wrong; nothing was imported",
            fields: ["lines": sorted(errors)])
    }

    private static func sorted(_ errors: [ShopLineError]) -> [ShopLineError] {
        errors.sorted { ($0.line, $0.column ?? "") < ($1.line, $1.column ?? "") }
    }
}

extension Identity {
    /// Passes for the artisan whose shop it is, and for operators.
    /// - Throws: ``Problem`` 403 `role_required` or `forbidden`.
    func requireShop(_ artisanID: String) throws(Problem) {
        try require(.artisan, .ops)
        guard role == .ops || subject == artisanID else { throw .forbidden("the shop is another artisan's") }
    }
}
