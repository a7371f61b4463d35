import Composition
import Foundation
import Postgres
import TestSupport
import Testing

/// `artesanos shop` as a process, on a database of the inventory's.
@Suite struct ShopCommandTests {
    private static let header = "sku,title,price,currency,version,adjustStock\n"
    private static let bad = header + "JAR,A jar,25,EUR,,4\nPOT,,12.5x,EUR,,\nCUP,A cup,5,EUR,9,1\n"

    @Test func aFileWithBadLinesImportsNothingAndNamesThem() async throws {
        let shop = try await Shop()
        for flags in [[], ["--dry-run"]] {
            let refused = try await shop.run("import", Self.bad, flags)
            #expect(refused.code == 1)
            #expect(refused.output.contains("2 of 3 lines are wrong; nothing was imported"))
            for text in ["POT", "title", "price", "CUP", "there is no such product"] {
                #expect(refused.output.contains(text), "\(text)")
            }
            #expect(refused.output.contains("JAR") == false)
        }
        #expect(try await shop.pieces() == [:])
        let json = try await shop.run("import", Self.bad, ["--json"])
        #expect(json.code == 1)
        #expect(
            json.output.contains(#""code":"import_refused""#) || json.output.contains(#""code" : "import_refused""#))
    }

    @Test func aPartialImportTakesTheGoodLinesAndSaysThatOthersWereBad() async throws {
        let shop = try await Shop()
        let taken = try await shop.run("import", Self.bad, ["--partial"])
        #expect(taken.code == 1)
        #expect(taken.output.contains("1 products made, 0 changed, 0 as they were; stock of 1 adjusted"))
        #expect(taken.output.contains("POT") && taken.output.contains("CUP"))
        #expect(try await shop.pieces() == ["JAR": 4])
    }

    @Test func aGoodFileIsImportedOnceUnlessItIsAskedForAgain() async throws {
        let shop = try await Shop()
        let good = Self.header + "JAR,A jar,25,EUR,*,4\n"
        let dry = try await shop.run("import", good, ["--dry-run"])
        #expect(dry.code == 0 && dry.output.contains("1 products would be made"))
        #expect(try await shop.pieces() == [:])
        for (flags, pieces) in [([], 4), ([], 4), (["--again"], 8)] {
            let done = try await shop.run("import", good, flags)
            #expect(done.code == 0, "\(done.output)")
            #expect(try await shop.pieces() == ["JAR": pieces])
        }
        let actor = try await shop.pool.query("select distinct actor from stock_ledger").map {
            try $0.get(0, as: String.self)
        }
        #expect(actor == ["ops:paco"])
    }

    @Test func anExportedShopComesInAgainWithoutAChange() async throws {
        let shop = try await Shop()
        _ = try await shop.run("import", Self.header + "JAR,\"A jar, green\",25.50,EUR,,4\nCUP,A cup,5,EUR,,\n", [])
        for flags in [[], ["--semicolons"]] {
            let exported = try await shop.run("export", nil, flags)
            #expect(exported.code == 0)
            #expect(exported.output.hasPrefix("sku"))
            #expect(exported.output.contains(flags.isEmpty ? "25.50" : "25,50"))
            let again = try await shop.run("import", exported.output, [])
            #expect(again.code == 0)
            #expect(again.output.contains("0 products made, 0 changed, 2 as they were; stock of 0 adjusted"))
        }
    }

    @Test func whatCannotBeReadIsWrongUsageAndWhatIsNoShopIsRefused() async throws {
        let shop = try await Shop()
        #expect(try await shop.run(["import", "ana", "/nonexistent.csv"]).code == 2)
        #expect(try await shop.run(["import", "ana"]).code == 2)
        let noCSV = try await shop.run("import", "sku,title\n", [])
        #expect(noCSV.code == 1 && noCSV.output.contains("lacks price, currency"))
        let noDatabase = try CommandProcess(
            ["shop", "export", "ana", "--dev", "/nonexistent"], environment: [:])
        #expect(try await noDatabase.exitCode() == 2)
    }
}

/// A shop in a database of its own.
private struct Shop {
    let database: TestDatabase
    let pool: PostgresPool

    init() async throws {
        database = try await TestDatabase.make(ServiceName.inventory.migrations)
        pool = database.pool(size: 1)
    }

    /// `shop import` of this text, or `shop export` without.
    func run(_ command: String, _ text: String?, _ flags: [String]) async throws -> (code: Int32, output: String) {
        guard let text else { return try await run([command, "ana"] + flags) }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("shop-\(UUID()).csv")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await run([command, "ana", file.path, "--actor", "paco"] + flags)
    }

    func run(_ arguments: [String]) async throws -> (code: Int32, output: String) {
        let process = try CommandProcess(
            ["shop"] + arguments, environment: ["INVENTORY_DATABASE_URL": database.url, "TZ": "UTC"])
        let code = try await process.exitCode()
        return (code, process.output)
    }

    /// What is on the shelf, by SKU.
    func pieces() async throws -> [String: Int] {
        let rows = try await pool.query("select sku, on_hand from stock").decode(String.self, Int.self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.1) })
    }
}
