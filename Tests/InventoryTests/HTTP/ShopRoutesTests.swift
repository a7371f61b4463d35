import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import Postgres
import ServiceRuntime
import Testing

@testable import Inventory

@Suite("A whole shop as CSV over HTTP")
struct ShopRoutesTests {
    static let path = "/shops/ana/products.csv"
    static let header = "sku,title,price,currency,lowStockThreshold,version,adjustStock\n"

    private static func post(
        _ body: String, to path: String = path, as caller: HTTPClient.Caller = .artisan("ana"),
        key: String? = UUID().uuidString, on client: HTTPClient
    ) async throws -> HTTPClient.Answer {
        var headers: HTTPFields = [.contentType: "text/csv"]
        if let key { headers[.idempotencyKey] = key }
        return try await client.send(.post, path, as: caller, body, headers: headers)
    }

    private struct Refusal: Decodable {
        let lines: [ShopLineError]
    }

    @Test("products are made and changed with their stock, in one transaction, and the others are told")
    func imports() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 4, threshold: 2)
        try await http.run { client in
            let answer = try await Self.post(
                Self.header + "JAR,A better jar,30,EUR,3,1,6\nPOT,A pot,\"12,50\",EUR,2,,7\nCUP,A cup,5,EUR,,,\n",
                on: client)
            #expect(answer.status == 200)
            let report = try answer.json(ShopImportReport.self)
            #expect(
                report
                    == ShopImportReport(
                        created: 2, updated: 1, unchanged: 0, adjusted: 2, isDryRun: false, errors: []))
        }
        let setting = http.setting
        #expect(try await setting.stock("JAR") == [10, 0])
        #expect(try await setting.stock("POT") == [7, 0])
        #expect(try await setting.stock("CUP") == [0, 0])
        #expect(try await setting.count("select price_minor::int from product where sku = 'POT'") == 1250)
        #expect(try await setting.count("select low_stock_threshold::int from stock where sku = 'POT'") == 2)
        let told = try await setting.count(
            "select count(*)::int from outbox where subject = 'inventory.product-changed.v1' and aggregate_id in ('JAR', 'POT', 'CUP')"
        )
        #expect(told == 4)
        #expect(try await setting.count("select count(*)::int from stock_ledger where actor = 'artisan:ana'") == 2)
        #expect(try await setting.drift() == 0)
    }

    @Test("one bad line refuses the whole file, naming every bad line; with partial the others are taken")
    func partial() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 4)
        try await http.setting.product("HERS", artisan: "eva")
        let order = TestOrder(["JAR": 3])
        try await http.setting.apply(try order.created())
        let body =
            Self.header
            + "POT,A pot,12.50,EUR,,,1\nJAR,A jar,25,EUR,,1,-2\nHERS,Mine,1,EUR,,*,\nOLD,Gone,1,EUR,,4,\nNO,,1,EUR,,,\n"
        try await http.run { client in
            let refused = try await Self.post(body, on: client)
            #expect(refused.status == 422)
            #expect(refused.code == "import_refused")
            let lines = try refused.json(Refusal.self).lines.map { "\($0.line) \($0.sku ?? "") \($0.code)" }
            #expect(lines == ["3 JAR stock_reserved", "4 HERS taken", "5 OLD gone", "6 NO range"])
            #expect(try await http.setting.count("select count(*)::int from product where sku = 'POT'") == 0)

            let taken = try await Self.post(body, to: Self.path + "?partial=true", on: client)
            #expect(taken.status == 200)
            let report = try taken.json(ShopImportReport.self)
            #expect(report.created == 1 && report.updated == 0 && report.errors.count == 4)
        }
        // The line with the refused stock was left out whole: its title too.
        #expect(try await http.setting.count("select count(*)::int from product where title = 'A jar'") == 0)
        #expect(try await http.setting.stock("POT") == [1, 0])
        #expect(try await http.setting.stock("JAR") == [4, 3])
        #expect(try await http.setting.drift() == 0)
    }

    @Test("an exported file comes back without a change; one exported before a change is refused")
    func versions() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 4, threshold: 2, ttl: .seconds(600))
        try await http.setting.product("OUT", isActive: false)
        try await http.setting.product("HERS", artisan: "eva")
        try await http.run { client in
            for separator in ["comma", "semicolon", "tab"] {
                let exported = try await client.send(
                    .get, Self.path + "?separator=\(separator)", as: .artisan("ana"))
                #expect(exported.status == 200)
                #expect(exported.headers[.contentType]?.hasPrefix("text/csv") == true)
                let text = String(decoding: exported.body, as: UTF8.self)
                #expect(!text.contains("HERS"))
                let answer = try await Self.post(text, on: client)
                let report = try answer.json(ShopImportReport.self)
                #expect(report.unchanged == 2 && report.created + report.updated + report.adjusted == 0)
                let edited = text.replacing("A piece", with: "Another piece")
                _ = try await http.setting.pool.query("update product set version = version + 1 where sku = 'JAR'")
                let stale = try await Self.post(edited, on: client)
                #expect(stale.code == "import_refused")
                #expect(try stale.json(Refusal.self).lines.map(\.code) == ["changed"])
            }
            let unversioned = try await Self.post(Self.header + "JAR,Other,1,EUR,,,\n", on: client)
            #expect(try unversioned.json(Refusal.self).lines.map(\.code) == ["missing"])
            let forced = try await Self.post(Self.header + "JAR,Other,1,EUR,,*,\n", on: client)
            #expect(try forced.json(ShopImportReport.self).updated == 1)
        }
    }

    @Test("the same file under the same key adjusts the stock once; a dry run adjusts nothing")
    func once() async throws {
        let http = try await HTTPSetting()
        let body = Self.header + "POT,A pot,12.50,EUR,,,7\n"
        try await http.run { client in
            let dry = try await Self.post(body, to: Self.path + "?dryRun=true", key: nil, on: client)
            let expected = try dry.json(ShopImportReport.self)
            #expect(expected.isDryRun && expected.created == 1)
            #expect(try await http.setting.count("select count(*)::int from product") == 0)
            #expect(try await Self.post(body, key: nil, on: client).code == "idempotency_key_missing")
            for attempt in 0..<3 {
                let answer = try await Self.post(body, key: "k", on: client)
                #expect(answer.status == 200)
                #expect(try answer.json(ShopImportReport.self).adjusted == 1)
                #expect((answer.headers[.idempotentReplayed] == "true") == (attempt > 0))
            }
            #expect(try await Self.post(body + "\n", key: "k", on: client).code == "idempotency_key_reused")
        }
        #expect(try await http.setting.stock("POT") == [7, 0])
    }

    @Test("an artisan reaches only the own shop; other types and no tokens are refused")
    func access() async throws {
        let http = try await HTTPSetting()
        try await http.run { client in
            let body = Self.header + "POT,A pot,12.50,EUR,,,7\n"
            #expect(try await Self.post(body, as: .artisan("eva"), on: client).status == 403)
            #expect(try await Self.post(body, as: .customer, on: client).status == 403)
            #expect(try await Self.post(body, as: .nobody, on: client).status == 401)
            #expect(try await client.send(.get, Self.path, as: .artisan("eva")).status == 403)
            #expect(try await client.send(.get, Self.path, as: .nobody).status == 401)
            let json = try await client.send(
                .post, Self.path, as: .artisan("ana"), body,
                headers: [.contentType: "application/json", .idempotencyKey: "k"])
            #expect(json.status == 415)
            #expect(try await Self.post("", on: client).code == "csv_malformed")
            #expect(try await Self.post(body, as: .ops, on: client).status == 200)
        }
    }

    @Test("two files for the same new products at once: each product is made once, nobody is left waiting")
    func atOnce() async throws {
        let http = try await HTTPSetting(connections: 8)
        let skus = (0..<200).map { "P\($0)" }
        try await http.run { client in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for file in 0..<4 {
                    let lines = (file.isMultiple(of: 2) ? skus : skus.reversed()).map { "\($0),A pot,12.50,EUR,,*,1\n" }
                    group.addTask { try await Self.post(Self.header + lines.joined(), on: client).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains(200))
            #expect(statuses.allSatisfy { $0 == 200 || $0 == 422 })
            let imported = statuses.count { $0 == 200 }
            #expect(try await http.setting.count("select count(*)::int from product") == 200)
            #expect(try await http.setting.count("select sum(on_hand)::int from stock") == 200 * imported)
        }
        #expect(try await http.setting.drift() == 0)
    }
}
