import Contracts
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import Inventory

@Suite("Catalogue")
struct CatalogueTests {
    @Test("the seed makes the catalogue and its stock once, and tells of each piece")
    func seeds() async throws {
        let setting = try await Setting()
        #expect(try await CatalogueSeed.apply(to: setting.environment) == CatalogueSeed.pieces.count)
        let told = try await setting.told(EventType.inventoryProductChanged, as: InventoryProductChanged.self)
        #expect(told.map(\.sku) == CatalogueSeed.pieces.map(\.sku))
        #expect(told.allSatisfy { $0.version == 1 && $0.price.currency == "EUR" && $0.active })
        #expect(try await setting.lowStock().isEmpty)

        // What was changed since is not touched by another run.
        try await setting.pool.query("update product set title = 'mine' where sku = 'OLI-TABLA-45'")
        try await setting.apply(try TestOrder(["FIL-CORDOBA-PEND": 1]).created())
        #expect(try await CatalogueSeed.apply(to: setting.environment) == 0)
        #expect(try await setting.stock("FIL-CORDOBA-PEND") == [1, 1])
        #expect(try await setting.count("select count(*) from product where title = 'mine'") == 1)
        #expect(try await setting.drift() == 0)
    }

    @Test("the pieces are of good form")
    func goodForm() {
        for piece in CatalogueSeed.pieces {
            #expect(SKU.isValid(piece.sku))
            #expect(piece.draft.problems().isEmpty)
        }
        #expect(Set(CatalogueSeed.pieces.map(\.sku)).count == CatalogueSeed.pieces.count)
    }

    @Test("sixteen that make the same product at once make it once")
    func madeOnce() async throws {
        let setting = try await Setting(connections: 16)
        let results = try await withThrowingTaskGroup(of: PutProduct.Result.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    let draft = ProductDraft(
                        artisanID: "ana", title: "Jar", price: Money(amount: 100, currency: "EUR"))
                    return try await setting.pool.withTransaction {
                        try await PutProduct(products: setting.service.products).run(
                            "JAR", draft, by: Setting.ops, check: { _, _ in }, in: $0)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let created = results.filter { if case .created = $0 { true } else { false } }
        #expect(created.count == 1)
        #expect(
            try await setting.told(EventType.inventoryProductChanged, as: InventoryProductChanged.self).count == 1)
    }

    @Test("each change of a product raises its version, and is told in order")
    func versions() async throws {
        let setting = try await Setting(connections: 8)
        try await setting.product("JAR")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for price in 1...20 {
                group.addTask {
                    _ = try await setting.pool.withTransaction { transaction in
                        try await PatchProduct(products: setting.service.products).run(
                            "JAR", by: Setting.ops, check: { _, _ in }, in: transaction
                        ) { $0.price = Money(amount: Int64(price), currency: "EUR") }
                    }
                }
            }
            try await group.waitForAll()
        }
        let told = try await setting.told(EventType.inventoryProductChanged, as: InventoryProductChanged.self)
        #expect(told.map(\.version) == Array(1...21))
        let price = try await setting.count("select price_minor from product where sku = 'JAR'")
        #expect(told.last?.price.amount == Int64(price))
    }

    @Test("the drift check reports, and runs again")
    func driftCheck() async throws {
        let setting = try await Setting()
        try await setting.product("JAR", stock: 5)
        let check = CheckStockDrift(interval: .seconds(60), logger: setting.environment.logger)
        let outcome = try await setting.pool.withTransaction { try await check.run([], in: $0) }
        #expect(outcome == .again(after: .seconds(60)))
    }
}
