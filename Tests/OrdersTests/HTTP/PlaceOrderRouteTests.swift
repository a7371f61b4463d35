import Postgres
import Foundation
import HTTPTypes
import ServiceRuntime
import TestSupport
import Testing

@testable import Orders

@Suite("POST /orders")
struct PlaceOrderRouteTests {
    @Test("answers 202 with the order and where it is")
    func accepted() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("bowl")
        try await http.run { client in
            let answer = try await client.place(
                #"{"lines":[{"sku":"bowl","quantity":2,"unitPrice":1}],"paymentMethod":"pm_card_visa","total":1}"#)
            #expect(answer.status == 202)
            let order = try answer.json(OrderBody.self)
            let id = order.orderId.uuidString.lowercased()
            #expect(answer.headers[.location] == "/orders/\(id)")
            #expect(answer.headers[.idempotentReplayed] == nil)
            #expect(answer.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(order.status == "PENDING" && order.sagaState == "STARTED")
            // The prices are the catalogue's, whatever the client says.
            #expect(order.total == .init(amount: 5_000, currency: "EUR"))
            #expect(order.lines?.first?.unitPrice.amount == 2_500 && order.lines?.first?.total.amount == 5_000)
            #expect(order.lines?.first?.title == "A bowl")
            #expect(order.links["self"] == "/orders/\(id)" && order.links["payment"] == "/orders/\(id)/payment")
            #expect(answer.text.contains(id), "ids are in lower case")
        }
    }

    @Test("repeated with its key it gives the same answer, marked")
    func replayed() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("bowl")
        try await http.run { client in
            let first = try await client.place(key: "k-1")
            let again = try await client.place(
                "{ \"lines\" : [ { \"quantity\" : 2, \"sku\" : \"bowl\" } ] }", key: "k-1")
            #expect(again.status == 202 && again.body == first.body)
            #expect(again.headers[.location] == first.headers[.location])
            #expect(again.headers[.idempotentReplayed] == "true")
            let other = try await client.place(#"{"lines":[{"sku":"bowl","quantity":3}]}"#, key: "k-1")
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
        }
    }

    @Test("needs a key")
    func needsAKey() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("bowl")
        try await http.run { client in
            let missing = try await client.place(key: nil)
            #expect(missing.status == 400 && missing.code == "idempotency_key_missing")
            #expect(missing.headers[.contentType] == "application/problem+json")
            let long = try await client.place(key: String(repeating: "k", count: 256))
            #expect(long.status == 400 && long.code == "idempotency_key_invalid")
        }
        #expect(try await http.setting.count("select count(*) from orders") == 0)
    }

    @Test("is for customers", arguments: [(HTTPClient.Caller.nobody, 401), (.artisan, 403), (.ops, 403)])
    func roles(caller: HTTPClient.Caller, status: Int) async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("bowl")
        try await http.run { client in
            let answer = try await client.place(as: caller)
            #expect(answer.status == status)
        }
        #expect(try await http.setting.count("select count(*) from orders") == 0)
    }

    @Test(
        "says what is wrong with a body",
        arguments: [
            ("", 400, "body_missing", []),
            ("{", 400, "malformed_json", []),
            ("{}", 422, "validation_failed", ["lines"]),
            (#"{"lines":[]}"#, 422, "validation_failed", ["lines"]),
            (#"{"lines":"bowl"}"#, 422, "validation_failed", ["lines"]),
            (#"{"lines":[{"sku":"bowl"}]}"#, 422, "validation_failed", ["lines[0].quantity"]),
            (#"{"lines":[{"sku":"bowl","quantity":"2"}]}"#, 422, "validation_failed", ["lines[0].quantity"]),
            (#"{"lines":[{"sku":"bowl","quantity":1.5}]}"#, 422, "validation_failed", ["lines[0].quantity"]),
            (#"{"lines":[{"sku":"bowl","quantity":0}]}"#, 422, "validation_failed", ["lines[0].quantity"]),
            (
                #"{"lines":[{"sku":"bowl","quantity":1},{"sku":"ghost","quantity":1}]}"#, 422, "validation_failed",
                ["lines[1].sku"]
            ),
            (#"{"lines":[{"sku":"bow\u0000l","quantity":1}]}"#, 422, "validation_failed", ["lines[0].sku"]),
            (
                #"{"lines":[{"sku":"bowl","quantity":1}],"paymentMethod":"a b"}"#, 422, "validation_failed",
                ["paymentMethod"]
            ),
        ] as [(String, Int, String, [String])])
    func validation(body: String, status: Int, code: String, fields: [String]) async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("bowl")
        try await http.run { client in
            let answer = try await client.place(body)
            #expect(answer.status == status)
            #expect(answer.code == code)
            #expect(answer.fields == fields)
        }
    }

    @Test("with wait it answers once the saga has moved on")
    func waits() async throws {
        let http = try await HTTPSetting(OrdersConfiguration(waitPoll: .seconds(60)))
        try await http.setting.product("bowl")
        let setting = http.setting
        try await http.run { client in
            async let answer = client.place(
                #"{"lines":[{"sku":"bowl","quantity":2}],"paymentMethod":"pm_card_visa"}"#, query: "?wait=20s")
            try await eventually("the request waits") { setting.service.signals.count == 1 }
            let id: UUID = try #require(try await setting.pool.query("select id from orders").first?.get(0))
            let order = try await setting.known(id)
            try await setting.apply(try order.reserved(), try order.pending())
            try await setting.apply(try order.succeeded())
            let body = try await answer
            #expect(body.status == 202)
            #expect(try body.json(OrderBody.self).status == "CONFIRMED")
        }
    }

    @Test("a wait that makes no sense places nothing", arguments: ["soon", "31s", "-1s"])
    func wrongWait(wait: String) async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("bowl")
        try await http.run { client in
            let answer = try await client.place(query: "?wait=\(wait)")
            #expect(answer.status == 400 && answer.code == "invalid_parameter" && answer.fields == ["wait"])
        }
        #expect(try await http.setting.count("select count(*) from orders") == 0)
    }
}
