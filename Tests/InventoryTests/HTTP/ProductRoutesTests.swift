import Contracts
import HTTPTypes
import Hummingbird
import Outbox
import Postgres
import ServiceRuntime
import Testing
import TestSupport

@testable import Inventory

@Suite("Products over HTTP")
struct ProductRoutesTests {
    static let jar = #"{"title": "Jar", "price": {"amount": 2500, "currency": "EUR"}}"#

    @Test("an artisan makes a product; it is shown with its version, and the others are told")
    func makes() async throws {
        let http = try await HTTPSetting()
        try await http.run { client in
            let made = try await client.send(.put, "/products/JAR", as: .artisan("ana"), Self.jar)
            #expect(made.status == 201)
            #expect(made.headers[.location] == "/products/JAR")
            #expect(made.etag == #""v1""#)
            let product = try made.json(ProductView.self)
            #expect(product.artisanId == "ana")
            #expect(product.price == Money(amount: 2500, currency: "EUR"))
            #expect(product.active)
            #expect(product.version == 1)
            #expect(product.reservationTTLSeconds == nil)

            let shown = try await client.send(.get, "/products/JAR", as: .nobody)
            #expect(shown.status == 200)
            #expect(try shown.json(ProductView.self) == product)
            let known = try await client.send(
                .get, "/products/JAR", as: .customer, headers: [.ifNoneMatch: #""v1""#])
            #expect(known.status == 304)
        }
        let told = try await http.setting.told(EventType.inventoryProductChanged, as: InventoryProductChanged.self)
        #expect(told.map(\.version) == [1])
        #expect(try await http.setting.stock("JAR") == [0, 0])
    }

    @Test("a change needs the version that was seen; the same again changes nothing")
    func versions() async throws {
        let http = try await HTTPSetting()
        try await http.run { client in
            func put(_ body: String, _ headers: HTTPFields = [:]) async throws -> HTTPClient.Answer {
                try await client.send(.put, "/products/JAR", as: .artisan("ana"), body, headers: headers)
            }
            let dearer = #"{"title": "Jar", "price": {"amount": 3000, "currency": "EUR"}}"#
            #expect(try await put(Self.jar, [.ifMatch: #""v1""#]).status == 412)
            #expect(try await put(Self.jar).status == 201)
            #expect(try await put(Self.jar).status == 200)
            let blind = try await put(dearer)
            #expect(blind.status == 428)
            #expect(blind.code == "precondition_required")
            #expect(blind.etag == #""v1""#)
            let stale = try await put(dearer, [.ifMatch: #""v7""#])
            #expect(stale.status == 412)
            #expect(stale.code == "precondition_failed")
            let onlyNew = try await put(dearer, [.ifNoneMatch: "*"])
            #expect(onlyNew.status == 412)
            // Also when it is so already.
            #expect(try await put(Self.jar, [.ifNoneMatch: "*"]).status == 412)
            #expect(try await put(Self.jar, [.ifNoneMatch: #""v1""#]).status == 412)
            let changed = try await put(dearer, [.ifMatch: #""v1""#])
            #expect(changed.status == 200)
            #expect(changed.etag == #""v2""#)
            #expect(try await put(dearer, [.ifMatch: "*"]).etag == #""v2""#)
            // As when the answer was lost.
            #expect(try await put(dearer, [.ifMatch: #""v1""#]).etag == #""v2""#)
        }
        let told = try await http.setting.told(EventType.inventoryProductChanged, as: InventoryProductChanged.self)
        #expect(told.map(\.price.amount) == [2500, 3000])
    }

    @Test("a patch changes what it names, and null takes the own hold away")
    func patches() async throws {
        let http = try await HTTPSetting()
        try await http.run { client in
            func patch(_ body: String, _ version: Int) async throws -> HTTPClient.Answer {
                try await client.send(
                    .patch, "/products/JAR", as: .artisan("ana"), body,
                    headers: [.ifMatch: "\"v\(version)\"", .contentType: "application/merge-patch+json"])
            }
            #expect(try await patch("{}", 1).status == 404)
            _ = try await client.send(.put, "/products/JAR", as: .artisan("ana"), Self.jar)
            let withTTL = try await patch(#"{"reservationTTLSeconds": 120, "description": "Green"}"#, 1)
            #expect(withTTL.status == 200)
            var product = try withTTL.json(ProductView.self)
            #expect(product.reservationTTLSeconds == 120)
            #expect(product.description == "Green")
            #expect(product.title == "Jar")
            #expect(product.version == 2)
            product = try await patch(#"{"reservationTTLSeconds": null, "active": false}"#, 2).json(ProductView.self)
            #expect(product.reservationTTLSeconds == nil)
            #expect(product.active == false)
            let nothing = try await patch(#"{"title": "Jar"}"#, 3)
            #expect(nothing.etag == #""v3""#)
            let wrong = try await patch(#"{"title": null}"#, 3)
            #expect(wrong.status == 422)
            #expect(wrong.fields == ["title"])
            let blind = try await client.send(.patch, "/products/JAR", as: .ops, #"{"title": "Urn"}"#)
            #expect(blind.status == 428)
        }
    }

    @Test("a hold from before it had to leave time to pay stays until it is changed")
    func formerHold() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", artisan: "ana", ttl: .seconds(120))
        try await http.setting.pool.query("update product set reservation_ttl = '60 s'")
        try await http.run { client in
            func patch(_ body: String) async throws -> HTTPClient.Answer {
                try await client.send(.patch, "/products/JAR", as: .artisan("ana"), body, headers: [.ifMatch: "*"])
            }
            let renamed = try await patch(#"{"title": "Urn"}"#)
            #expect(try renamed.json(ProductView.self).reservationTTLSeconds == 60)
            let exported = try await client.send(.get, "/shops/ana/products.csv", as: .artisan("ana"))
            let imported = try await client.send(
                .post, "/shops/ana/products.csv?dryRun=true", as: .artisan("ana"),
                String(decoding: exported.body, as: UTF8.self), headers: [.contentType: "text/csv"])
            #expect(try imported.json(ShopImportReport.self).unchanged == 1)
            let shorter = try await patch(#"{"reservationTTLSeconds": 90}"#)
            #expect(shorter.status == 422 && shorter.fields == ["reservationTTLSeconds"])
        }
    }

    @Test("a withdrawn product is seen by its artisan and by operators, and cannot be had")
    func withdrawn() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 3, artisan: "ana", isActive: false)
        try await http.run { (client) async throws in
            #expect(try await client.send(.get, "/products/JAR", as: .nobody).status == 404)
            #expect(try await client.send(.get, "/products/JAR", as: .customer).status == 404)
            #expect(try await client.send(.get, "/products/JAR", as: .artisan("eva")).status == 404)
            #expect(try await client.send(.get, "/products/JAR", as: .artisan("ana")).status == 200)
            #expect(try await client.send(.get, "/products/JAR", as: .ops).status == 200)
        }
        let order = TestOrder(["JAR": 1])
        try await http.setting.apply(try order.created())
        #expect(try await http.setting.outOfStock(order).first?.shortages.first?.available == 0)
    }

    @Test("artisans change their own products only, customers none")
    func ownership() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 3, artisan: "ana")
        try await http.setting.product("OLD", stock: 3, artisan: "ana", isActive: false)
        try await http.run { client in
            let any: HTTPFields = [.ifMatch: "*"]
            let others = try await client.send(.put, "/products/JAR", as: .artisan("eva"), Self.jar, headers: any)
            #expect(others.status == 403)
            #expect(others.code == "forbidden")
            let hidden = try await client.send(.patch, "/products/OLD", as: .artisan("eva"), "{}", headers: any)
            #expect(hidden.status == 404)
            #expect(try await client.send(.put, "/products/NEW", as: .customer, Self.jar).code == "role_required")
            #expect(try await client.send(.put, "/products/NEW", as: .nobody, Self.jar).status == 401)
            let forOther = #"{"artisanId": "ana", "title": "Jar", "price": {"amount": 1, "currency": "EUR"}}"#
            #expect(try await client.send(.put, "/products/NEW", as: .artisan("eva"), forOther).status == 403)
            let noOwner = try await client.send(.put, "/products/NEW", as: .ops, Self.jar)
            #expect(noOwner.status == 422)
            #expect(noOwner.fields == ["artisanId"])
            #expect(try await client.send(.put, "/products/NEW", as: .ops, forOther).status == 201)
            let gift = try await client.send(
                .patch, "/products/NEW", as: .artisan("ana"), #"{"artisanId": "eva"}"#, headers: any)
            #expect(gift.status == 403)
            let handed = try await client.send(
                .patch, "/products/NEW", as: .ops, #"{"artisanId": "eva"}"#, headers: any)
            #expect(try handed.json(ProductView.self).artisanId == "eva")
            for path in ["/products/JAR/stock", "/products/JAR/stock/adjustments"] {
                #expect(try await client.send(.get, path, as: .artisan("eva")).status == 403)
                #expect(try await client.send(.get, path, as: .customer).status == 403)
                #expect(try await client.send(.get, path, as: .nobody).status == 401)
                #expect(try await client.send(.get, path, as: .artisan("ana")).status == 200)
            }
        }
    }

    @Test("what is wrong is named, field by field")
    func validation() async throws {
        let http = try await HTTPSetting()
        try await http.run { client in
            let body = #"{"title": "", "price": {"amount": -1, "currency": "E"}, "reservationTTLSeconds": 1}"#
            let wrong = try await client.send(.put, "/products/JAR", as: .artisan("ana"), body)
            #expect(wrong.status == 422)
            #expect(wrong.fields == ["title", "price.amount", "price.currency", "reservationTTLSeconds"])
            let sku = try await client.send(.put, "/products/a%20b", as: .artisan("ana"), Self.jar)
            #expect(sku.fields == ["sku"])
            let missing = try await client.send(.put, "/products/JAR", as: .artisan("ana"), #"{"title": "Jar"}"#)
            #expect(missing.fields == ["price"])
            #expect(try await client.send(.get, "/products/NO-SUCH", as: .nobody).code == "not_found")
            #expect(try await client.send(.get, "/products?active=perhaps", as: .nobody).code == "invalid_parameter")
        }
        #expect(try await http.setting.count("select count(*) from product") == 0)
    }

    @Test("the list has pages, filters, and shows what the caller may see")
    func lists() async throws {
        let http = try await HTTPSetting()
        for number in 1...5 { try await http.setting.product("ANA-\(number)", artisan: "ana") }
        for number in 1...3 { try await http.setting.product("EVA-\(number)", artisan: "eva") }
        try await http.setting.product("EVA-OLD", artisan: "eva", isActive: false)
        try await http.setting.pool.query("update product set title = 'Cuenco 100% verde' where sku = 'ANA-2'")
        try await http.run { client in
            func skus(_ query: String, as caller: HTTPClient.Caller = .nobody) async throws -> [String] {
                try await client.send(.get, "/products\(query)", as: caller).json(PageOf<ProductView>.self)
                    .items.map(\.sku)
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let path = "/products?limit=3" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try await client.send(.get, path, as: .nobody).json(PageOf<ProductView>.self)
                seen += page.items.map(\.sku)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == (1...5).map { "ANA-\($0)" } + (1...3).map { "EVA-\($0)" })
            #expect(try await skus("?artisan=eva") == ["EVA-1", "EVA-2", "EVA-3"])
            #expect(try await skus("?artisan=eva", as: .artisan("eva")).last == "EVA-OLD")
            #expect(try await skus("?active=false", as: .artisan("ana")).isEmpty)
            #expect(try await skus("?active=false", as: .ops) == ["EVA-OLD"])
            #expect(try await skus("?q=VERDE") == ["ANA-2"])
            #expect(try await skus("?q=100%25") == ["ANA-2"])
            #expect(try await skus("?q=%25zz").isEmpty)
            #expect(try await skus("?q=eva-") == ["EVA-1", "EVA-2", "EVA-3"])
            #expect(try await client.send(.get, "/products?cursor=nonsense", as: .nobody).code == "invalid_cursor")
        }
    }
}
