import Foundation
import HTTPTypes
import Postgres
import TestSupport
import Testing

@testable import Orders

@Suite("Explaining an order, over HTTP")
struct ExplainRouteTests {
    private struct Explanation: Decodable {
        struct Waiting: Decodable {
            let what: String
            let until: Date
            let then: String
        }
        struct Choice: Decodable {
            let request: String
            let command: String?
        }
        struct Happening: Decodable {
            let what: String
        }
        struct Internals: Decodable {
            let sagaId: UUID
            let whyStuck: [String]
        }
        let orderId: UUID
        let status: String
        let settled: Bool
        let waitingFor: Waiting?
        let choices: [Choice]
        let latest: [Happening]
        let operations: Internals?
    }

    @Test("customers see their own, operators all, with what concerns each")
    func views() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.setting.apply(try order.reserved(), try order.pending())
        let path = "/orders/\(order.id)/explain"
        try await http.run { client in
            let own = try await client.send(.get, path, as: .ana).json(Explanation.self)
            #expect(own.orderId == order.id && own.status == "PENDING" && !own.settled && own.operations == nil)
            #expect(own.waitingFor?.what == "the payment")
            let deadline = try #require(try await http.setting.saga(order.id).deadline?.at)
            // JSON has milliseconds, the database microseconds.
            let until = try #require(own.waitingFor?.until)
            #expect(abs(until.timeIntervalSince(deadline)) < 0.002)
            #expect(own.latest.map(\.what) == ["Order placed", "Stock reserved", "Waiting for the payment"])
            #expect(own.choices.allSatisfy { $0.command == nil })
            let ops = try await client.send(.get, path, as: .ops).json(Explanation.self)
            #expect(ops.operations?.sagaId == order.saga && ops.operations?.whyStuck == [])
            #expect(ops.choices.count == 2)
            #expect(try await client.send(.get, path, as: .berta).status == 404)
            #expect(try await client.send(.get, path, as: .artisan).status == 403)
            #expect(try await client.send(.get, path, as: .nobody).status == 401)
            #expect(try await client.send(.get, "/orders/\(UUID())/explain", as: .ops).status == 404)
        }
    }

    @Test("a saga without a job is said to be stuck, and a retry mends it")
    func stuck() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.setting.pool.query("delete from scheduled_job")
        try await http.run { client in
            let path = "/orders/\(order.id)"
            let before = try await client.send(.get, path + "/explain", as: .ops).json(Explanation.self)
            #expect(before.operations?.whyStuck.count == 1)
            #expect(try await client.send(.post, path + "/saga/retry", as: .ops).status == 202)
            let after = try await client.send(.get, path + "/explain", as: .ops).json(Explanation.self)
            #expect(after.operations?.whyStuck == [])
            let row = try #require(try await http.setting.service.history.all(of: order.id).last)
            #expect(row.event == "operator.retry" && row.actor == "ops:olga")
        }
    }

    @Test(
        "plain text is for whoever asks for it first",
        arguments: [
            ("text/plain", true), ("text/plain, application/json", true), ("application/json, text/plain", false),
            ("*/*", false), ("text/*;q=0.5", true), (";", false), ("", false), ("image/png", false),
        ])
    func text(accept: String, isText: Bool) async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.run { client in
            let answer = try await client.send(
                .get, "/orders/\(order.id)/explain", as: .ana, headers: [.accept: accept])
            #expect(answer.status == 200)
            #expect(
                answer.headers[.contentType]
                    == (isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8"))
            #expect(answer.headers[.vary] == "Accept")
            #expect(answer.text.hasPrefix(isText ? "Order \(order.id.uuidString.lowercased()): PENDING\n" : "{"))
        }
    }

    @Test("the customer's cancellation of a confirmed order is 200, and 409 once the window is closed")
    func cancel() async throws {
        let http = try await HTTPSetting(OrdersConfiguration(cancellationWindow: .seconds(600)))
        let order = try await http.setting.order()
        let late = try await http.setting.order()
        for one in [order, late] {
            try await http.setting.apply(try one.reserved(), try one.pending(), try one.succeeded())
        }
        try await http.setting.pool.query(
            "update saga set settled_at = settled_at - interval '601 seconds' where order_id = $1", late.id)
        try await http.run { client in
            let done = try await client.send(.post, "/orders/\(order.id)/cancel", as: .ana)
            #expect(done.status == 200)
            #expect(try done.json(OrderBody.self).status == "CANCELLED")
            #expect(try done.json(OrderBody.self).reason == "customer_request")
            let refused = try await client.send(.post, "/orders/\(late.id)/cancel", as: .ana)
            #expect(refused.status == 409 && refused.code == "cancellation_window_closed")
            #expect(try await client.send(.post, "/orders/\(late.id)/cancel", as: .ops).status == 200)
        }
    }
}
