import Postgres
import Foundation
import HTTPTypes
import ServiceRuntime
import TestSupport
import Testing

@testable import Orders

@Suite("Reading and cancelling orders over HTTP")
struct OrderRoutesTests {
    @Test(
        "an order is its customer's and the operators'",
        arguments: [
            (HTTPClient.Caller.ana, 200), (.ops, 200), (.berta, 404), (.artisan, 403), (.nobody, 401),
        ])
    func ownership(caller: HTTPClient.Caller, status: Int) async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order(customer: "ana")
        try await http.run { client in
            for path in ["", "/timeline"] {
                let answer = try await client.send(.get, "/orders/\(order.id)\(path)", as: caller)
                #expect(answer.status == status, "\(path)")
            }
            // Settled, so that its event stream ends.
            try await http.setting.apply(try order.reserved(), try order.succeeded())
            #expect(try await client.send(.get, "/orders/\(order.id)/events", as: caller).status == status)
            let cancel = try await client.send(.post, "/orders/\(order.id)/cancel", as: caller)
            #expect(cancel.status == status)
        }
    }

    @Test("what is not there, or no id at all, is told apart from what is")
    func missing() async throws {
        let http = try await HTTPSetting()
        try await http.run { client in
            for path in ["", "/timeline", "/events"] {
                let missing = try await client.send(.get, "/orders/\(UUID())\(path)", as: .ana)
                #expect(missing.status == 404 && missing.code == "not_found", "\(path)")
                let nonsense = try await client.send(.get, "/orders/nonsense\(path)", as: .ana)
                #expect(nonsense.status == 400 && nonsense.code == "invalid_parameter", "\(path)")
            }
            #expect(try await client.send(.get, "/orders/\(UUID())/saga", as: .ops).status == 404)
            #expect(try await client.send(.post, "/orders/\(UUID())/saga/retry", as: .ops).status == 404)
            #expect(try await client.send(.post, "/orders/\(UUID())/cancel", as: .ana).status == 404)
            #expect(try await client.send(.delete, "/orders/\(UUID())", as: .ana).status == 405)
        }
    }

    @Test("the ETag changes exactly when the order does")
    func etag() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.run { client in
            let path = "/orders/\(order.id)"
            let first = try await client.send(.get, path, as: .ana)
            let tag = try #require(first.headers[.eTag])
            let same = try await client.send(.get, path, as: .ana, headers: [.ifNoneMatch: tag])
            #expect(same.status == 304 && same.body.isEmpty && same.headers[.eTag] == tag)
            try await http.setting.apply(try order.reserved())
            let changed = try await client.send(.get, path, as: .ana, headers: [.ifNoneMatch: tag])
            #expect(changed.status == 200 && changed.headers[.eTag] != tag)
            #expect(try changed.json(OrderBody.self).sagaState == "STOCK_RESERVED")
        }
    }

    @Test("with wait, GET answers once the order is decided, or with a tag once it has changed")
    func waits() async throws {
        let http = try await HTTPSetting(OrdersConfiguration(waitPoll: .seconds(60)))
        let setting = http.setting
        let order = try await setting.order()
        try await http.run { client in
            let path = "/orders/\(order.id)?wait=20s"
            let tag = try #require(try await client.send(.get, "/orders/\(order.id)", as: .ana).headers[.eTag])
            async let changed = client.send(.get, path, as: .ana, headers: [.ifNoneMatch: tag])
            async let decided = client.send(.get, path, as: .ana)
            try await eventually("both wait") { setting.service.signals.count == 2 }
            try await setting.apply(try order.reserved())
            #expect(try await changed.json(OrderBody.self).sagaState == "STOCK_RESERVED")
            try await setting.apply(try order.declined())
            let body = try await decided.json(OrderBody.self)
            #expect(body.status == "CANCELLED" && body.reason == "payment_declined")
            // Decided already: no waiting.
            #expect(try await client.send(.get, path, as: .ana).status == 200)
            let short = try await client.send(
                .get, "/orders/\(order.id)?wait=100ms", as: .ana, headers: [.ifNoneMatch: tag])
            #expect(short.status == 200)
        }
    }

    @Test("cancelling answers with the order, cancelled")
    func cancel() async throws {
        let http = try await HTTPSetting()
        let order = try await http.setting.order()
        try await http.run { client in
            for _ in 0..<2 {
                let answer = try await client.send(.post, "/orders/\(order.id)/cancel", as: .ana)
                #expect(answer.status == 200)
                let body = try answer.json(OrderBody.self)
                #expect(body.status == "CANCELLED" && body.reason == "customer_request")
            }
        }
    }

    @Test("pages hold every order once, newest first, and of one's own only")
    func pages() async throws {
        let http = try await HTTPSetting()
        var ids: [UUID] = []
        for number in 0..<7 {
            ids.append(try await http.setting.order(customer: number == 3 ? "berta" : "ana").id)
        }
        let placed = ids
        let own = Array(ids.enumerated().filter { $0.offset != 3 }.map(\.element).reversed())
        try await http.run { client in
            var seen: [UUID] = []
            var cursor: String?
            repeat {
                let query = "limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page = try await client.send(.get, "/orders?\(query)", as: .ana).json(PageBody.self)
                #expect(page.items.count <= 2)
                seen += page.items.map(\.orderId)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == own)
            let all = try await client.send(.get, "/orders", as: .ops).json(PageBody.self)
            #expect(all.items.map(\.orderId) == placed.reversed() && all.nextCursor == nil)
            #expect(all.items.allSatisfy { $0.lines == nil })
            let others = try await client.send(.get, "/orders?customer=berta", as: .ops).json(PageBody.self)
            #expect(others.items.map(\.orderId) == [placed[3]])
            // For a customer the parameter means nothing.
            let mine = try await client.send(.get, "/orders?customer=berta&limit=100", as: .ana).json(PageBody.self)
            #expect(mine.items.map(\.orderId) == own)
            #expect(try await client.send(.get, "/orders", as: .artisan).status == 403)
        }
    }

    @Test("lists can be narrowed by status and time")
    func filters() async throws {
        let http = try await HTTPSetting()
        let pending = try await http.setting.order()
        let confirmed = try await http.setting.order()
        let cancelled = try await http.setting.order()
        try await http.setting.apply(try confirmed.reserved(), try confirmed.succeeded(), try cancelled.outOfStock())
        try await http.setting.pool.query(
            "update orders set created_at = '2020-05-05T12:00:00Z' where id = $1", pending.id)
        try await http.run { client in
            let decided = try await client.orders("status=CONFIRMED")
            #expect(decided == [confirmed.id])
            #expect(try await client.orders("status=pending,CANCELLED") == [cancelled.id, pending.id])
            #expect(try await client.orders("status=FAILED") == [])
            #expect(try await client.orders("to=2021-01-01T00:00:00Z") == [pending.id])
            #expect(try await client.orders("from=2021-01-01T00:00:00Z") == [cancelled.id, confirmed.id])
            #expect(try await client.orders("from=2020-05-05T14:00:00%2B02:00&to=2020-05-05T12:00:01Z") == [pending.id])
            for query in [
                "status=LOST", "status=", "from=yesterday", "limit=0", "limit=101", "cursor=nonsense",
                "from=2021-01-01T00:00:00Z&to=2020-01-01T00:00:00Z",
            ] {
                #expect(try await client.send(.get, "/orders?\(query)", as: .ana).status == 400, "\(query)")
            }
        }
    }
}

extension HTTPClient {
    /// The ids of a list.
    fileprivate func orders(_ query: String) async throws -> [UUID] {
        try await send(.get, "/orders?\(query)", as: .ana).json(PageBody.self).items.map(\.orderId)
    }
}

/// A page of orders, as clients read it.
struct PageBody: Decodable, Sendable {
    let items: [OrderBody]
    let nextCursor: String?
}
