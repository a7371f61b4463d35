import Foundation
import HTTPTypes
import Hummingbird
import Outbox
import Postgres
import ServiceRuntime
import Testing

@testable import Inventory

/// ETag, If-None-Match and If-Match beside those of the catalogue.
@Suite("Preconditions over HTTP")
struct PreconditionTests {
    private static let stock = "/products/JAR/stock"
    private static let threshold = "/products/JAR/low-stock-threshold"

    @Test("the shelf, its threshold and a reservation have a tag; what is known already is not sent again")
    func tags() async throws {
        let http = try await HTTPSetting()
        let reservation = try await Self.reserved(in: http)
        try await http.run { client in
            for path in [Self.stock, Self.threshold, reservation] {
                let shown = try await client.send(.get, path, as: .ops)
                let tag = try #require(shown.etag, "\(path)")
                let known = try await client.send(.get, path, as: .ops, headers: [.ifNoneMatch: "\"x\", \(tag)"])
                #expect(known.status == 304 && known.body.isEmpty && known.etag == tag, "\(path)")
                #expect(
                    try await client.send(.get, path, as: .ops, headers: [.ifNoneMatch: "\"x\""]).body == shown.body)
            }
            #expect(try await client.send(.get, Self.threshold, as: .artisan("eva")).status == 403)
            #expect(try await client.send(.get, Self.threshold, as: .customer).status == 403)
        }
    }

    @Test("an adjustment of a shelf that has changed is refused with the tag that holds; a repeated one is not")
    func adjustment() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        try await http.run { client in
            func adjust(_ tag: String?) async throws -> HTTPClient.Answer {
                try await client.send(
                    .post, "\(Self.stock)/adjustments", as: .artisan("ana"), #"{"delta": -2, "reason": "broken"}"#,
                    headers: [.idempotencyKey: "k", .ifMatch: tag ?? "*"])
            }
            let seen = try await client.send(.get, Self.stock, as: .artisan("ana")).etag
            try await http.setting.apply(try TestOrder(["JAR": 1]).created())
            let stale = try await adjust(seen)
            #expect(stale.status == 412 && stale.code == "precondition_failed")
            let current = try await client.send(.get, Self.stock, as: .artisan("ana")).etag
            #expect(stale.etag == current && current != seen)
            #expect(try await adjust(current).status == 201)
            // It is done, whatever the shelf says now.
            let again = try await adjust(current)
            #expect(again.status == 201 && again.headers[.idempotentReplayed] == "true")
        }
        #expect(try await http.setting.stock("JAR") == [3, 1])
    }

    @Test("a threshold's tag is of the threshold alone")
    func thresholds() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        try await http.run { client in
            func put(_ threshold: Int, _ tag: String?) async throws -> HTTPClient.Answer {
                try await client.send(
                    .put, Self.threshold, as: .artisan("ana"), "{\"threshold\": \(threshold)}",
                    headers: tag.map { [.ifMatch: $0] } ?? [:])
            }
            let first = try await client.send(.get, Self.threshold, as: .artisan("ana")).etag
            try await http.setting.apply(try TestOrder(["JAR": 1]).created())
            let set = try await put(2, first)
            #expect(set.status == 200)
            #expect(try await client.send(.get, Self.threshold, as: .artisan("ana")).etag == set.etag)
            let stale = try await put(3, first)
            #expect(stale.status == 412 && stale.etag == set.etag)
            #expect(try await put(3, nil).status == 200)
        }
        #expect(try await http.setting.level("JAR").lowStockThreshold == 3)
    }

    @Test("a reservation that has changed is neither released nor extended for who has not seen that")
    func reservations() async throws {
        let http = try await HTTPSetting()
        let path = try await Self.reserved(in: http)
        try await http.run { client in
            func send(_ action: String, _ tag: String?, _ body: String? = nil) async throws -> HTTPClient.Answer {
                try await client.send(
                    .post, "\(path)/\(action)", as: .ops, body, headers: tag.map { [.ifMatch: $0] } ?? [:])
            }
            let seen = try await client.send(.get, path, as: .ops).etag
            let extended = try await send("extend", seen, #"{"seconds": 1800}"#)
            #expect(extended.status == 200)
            #expect(try await client.send(.get, path, as: .ops).etag == extended.etag)
            let stale = try await send("release", seen)
            #expect(stale.status == 412 && stale.etag == extended.etag)
            #expect(try await http.setting.stock("JAR") == [5, 2])
            let released = try await send("release", extended.etag)
            #expect(try released.json(ReservationView.self).status == "released")
            #expect(try await client.send(.get, path, as: .ops).etag == released.etag)
            #expect(try await send("extend", extended.etag, #"{"seconds": 60}"#).status == 412)
            #expect(try await send("extend", nil, #"{"seconds": 60}"#).code == "reservation_ended")
        }
    }

    @Test("of eight that extend what they all have seen, one does: it is checked under the lock")
    func atOnce() async throws {
        let http = try await HTTPSetting()
        let path = try await Self.reserved(in: http)
        try await http.run { client in
            let seen = try #require(try await client.send(.get, path, as: .ops).etag)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await client.send(
                            .post, "\(path)/extend", as: .ops, "{\"seconds\": \(1800 + number)}",
                            headers: [.ifMatch: seen]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 7))
        }
    }

    private static func reserved(in http: HTTPSetting) async throws -> String {
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        let order = TestOrder(["JAR": 2])
        try await http.setting.apply(try order.created())
        return "/reservations/\(try await http.setting.reservationID(order).lowercased)"
    }
}
