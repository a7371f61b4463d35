import Contracts
import HTTPTypes
import Hummingbird
import Postgres
import ServiceRuntime
import Testing
import TestSupport

@testable import Inventory

@Suite("Stock over HTTP")
struct StockRoutesTests {
    static let path = "/products/JAR/stock/adjustments"

    @Test("an adjustment is made once a key; the same request again gets the same answer, marked")
    func idempotent() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", artisan: "ana")
        try await http.run { client in
            func adjust(_ body: String, key: String?) async throws -> HTTPClient.Answer {
                try await client.send(
                    .post, Self.path, as: .artisan("ana"), body,
                    headers: key.map { [.idempotencyKey: $0] } ?? [:])
            }
            let body = #"{"delta": 12, "reason": "delivered"}"#
            let first = try await adjust(body, key: "k1")
            #expect(first.status == 201)
            let receipt = try first.json(AdjustStock.Receipt.self)
            #expect([receipt.onHand, receipt.reserved, receipt.available] == [12, 0, 12])
            let again = try await adjust(#"{"reason": "delivered", "delta": 12}"#, key: "k1")
            #expect(again.status == 201)
            #expect(again.headers[.idempotentReplayed] == "true")
            #expect(again.body == first.body)
            let other = try await adjust(#"{"delta": 13, "reason": "delivered"}"#, key: "k1")
            #expect(other.status == 422)
            #expect(other.code == "idempotency_key_reused")
            #expect(try await adjust(body, key: nil).code == "idempotency_key_missing")
            #expect(try await adjust(body, key: "k2").status == 201)
        }
        #expect(try await http.setting.stock("JAR") == [24, 0])
        #expect(try await http.setting.drift() == 0)
    }

    @Test("the same key from twenty requests at once adjusts once")
    func sameKeyAtOnce() async throws {
        let http = try await HTTPSetting(connections: 20)
        try await http.setting.product("JAR", artisan: "ana")
        try await http.run { client in
            let answers = try await withThrowingTaskGroup(of: HTTPClient.Answer.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await client.send(
                            .post, Self.path, as: .artisan("ana"), #"{"delta": 1, "reason": "found"}"#,
                            headers: [.idempotencyKey: "k"])
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.contains { $0.status == 201 })
            #expect(answers.allSatisfy { $0.status == 201 || $0.code == "idempotency_key_in_use" })
        }
        #expect(try await http.setting.stock("JAR") == [1, 0])
    }

    @Test("pieces that are held for orders cannot be taken off the shelf; a refusal is not remembered")
    func keepsReserved() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        let order = TestOrder(["JAR": 3])
        try await http.setting.apply(try order.created())
        try await http.run { client in
            func adjust() async throws -> HTTPClient.Answer {
                try await client.send(
                    .post, Self.path, as: .artisan("ana"), #"{"delta": -4, "reason": "broken"}"#,
                    headers: [.idempotencyKey: "k"])
            }
            let refused = try await adjust()
            #expect(refused.status == 409)
            #expect(refused.code == "stock_reserved")
            try await http.setting.apply(try order.cancelled())
            #expect(try await adjust().status == 201)
        }
        #expect(try await http.setting.stock("JAR") == [1, 0])
    }

    @Test(
        "an adjustment that makes no sense is refused",
        arguments: [
            #"{"delta": 0, "reason": "x"}"#, #"{"delta": 1000001, "reason": "x"}"#, #"{"delta": 1, "reason": ""}"#,
            #"{"delta": -9223372036854775808, "reason": "x"}"#, #"{"delta": 1.5, "reason": "x"}"#, #"{"delta": 1}"#,
        ])
    func validation(body: String) async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", artisan: "ana")
        try await http.run { client in
            let answer = try await client.send(
                .post, Self.path, as: .artisan("ana"), body, headers: [.idempotencyKey: "k"])
            #expect(answer.status == 422)
            #expect(answer.code == "validation_failed")
        }
    }

    @Test("artisans adjust their own products only, and unknown ones are not there")
    func ownership() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", artisan: "ana")
        try await http.run { client in
            let key: HTTPFields = [.idempotencyKey: "k"]
            let body = #"{"delta": 1, "reason": "found"}"#
            #expect(try await client.send(.post, Self.path, as: .artisan("eva"), body, headers: key).status == 403)
            #expect(try await client.send(.post, Self.path, as: .customer, body, headers: key).status == 403)
            #expect(try await client.send(.post, Self.path, as: .ops, body, headers: key).status == 201)
            let unknown = try await client.send(
                .post, "/products/NO-SUCH/stock/adjustments", as: .ops, body, headers: [.idempotencyKey: "k2"])
            #expect(unknown.status == 404)
            let threshold = try await client.send(
                .put, "/products/JAR/low-stock-threshold", as: .artisan("eva"), #"{"threshold": 3}"#)
            #expect(threshold.status == 403)
            let customers = try await client.send(
                .put, "/products/JAR/low-stock-threshold", as: .customer, #"{"threshold": 3}"#)
            #expect(customers.status == 403 && customers.code == "role_required")
        }
        #expect(try await http.setting.stock("JAR") == [1, 0])
    }

    @Test("the shelf and its ledger are shown, page by page, with who did what")
    func shows() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        let order = TestOrder(["JAR": 2])
        try await http.setting.apply(try order.created(), try order.confirmed())
        try await http.run { client in
            let set = try await client.send(
                .put, "/products/JAR/low-stock-threshold", as: .artisan("ana"), #"{"threshold": 4}"#)
            #expect(set.status == 200)
            let stock = try await client.send(.get, "/products/JAR/stock", as: .artisan("ana")).json(StockView.self)
            #expect([stock.onHand, stock.reserved, stock.available, stock.lowStockThreshold] == [3, 0, 3, 4])
            #expect(stock.lowStock)
            var movements: [MovementView] = []
            var cursor: String?
            repeat {
                let path = Self.path + "?limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try await client.send(.get, path, as: .artisan("ana")).json(PageOf<MovementView>.self)
                movements += page.items
                cursor = page.nextCursor
            } while cursor != nil
            #expect(movements.map(\.kind) == ["committed", "reserved", "adjusted"])
            #expect(movements.map(\.actor) == ["system", "system", "ops:olga"])
            #expect(movements.map(\.deltaOnHand) == [-2, 0, 5])
            let adjusted = try await client.send(.get, Self.path + "?kind=adjusted", as: .ops)
            #expect(try adjusted.json(PageOf<MovementView>.self).items.count == 1)
            #expect(try await client.send(.get, Self.path + "?kind=stolen", as: .ops).code == "invalid_parameter")
            let wrong = try await client.send(
                .put, "/products/JAR/low-stock-threshold", as: .ops, #"{"threshold": -1}"#)
            #expect(wrong.fields == ["threshold"])
        }
        #expect(try await http.setting.lowStock().count == 1)
    }
}
