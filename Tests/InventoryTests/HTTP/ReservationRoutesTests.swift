import Contracts
import Foundation
import Hummingbird
import Outbox
import Postgres
import ServiceRuntime
import Testing
import TestSupport

@testable import Inventory

@Suite("Reservations over HTTP")
struct ReservationRoutesTests {
    @Test("operators see a reservation, nobody else does")
    func shows() async throws {
        let http = try await HTTPSetting()
        let (order, path) = try await reserved(in: http)
        try await http.run { client in
            let shown = try await client.send(.get, path, as: .ops)
            #expect(shown.status == 200)
            let reservation = try shown.json(ReservationView.self)
            #expect(reservation.orderId == order.id)
            #expect(reservation.lines == order.lines)
            #expect(reservation.status == "active")
            #expect(reservation.attempt == 1)
            #expect(try await client.send(.get, path, as: .artisan("ana")).code == "role_required")
            #expect(try await client.send(.get, path, as: .customer).code == "role_required")
            #expect(try await client.send(.get, path, as: .nobody).status == 401)
            let unknown = try await client.send(.get, "/reservations/\(UUID().lowercased)", as: .ops)
            #expect(unknown.status == 404)
            #expect(try await client.send(.get, "/reservations/x", as: .ops).code == "invalid_parameter")
        }
    }

    @Test("a release by hand gives the stock back once, is told, and names who did it")
    func releases() async throws {
        let http = try await HTTPSetting()
        let (order, path) = try await reserved(in: http)
        try await http.run { client in
            #expect(try await client.send(.post, path + "/release", as: .artisan("ana")).status == 403)
            for _ in 0..<2 {
                let released = try await client.send(.post, path + "/release", as: .ops)
                #expect(released.status == 200)
                #expect(try released.json(ReservationView.self).status == "released")
            }
        }
        #expect(try await http.setting.stock("JAR") == [5, 0])
        #expect(try await http.setting.released(order).map(\.reason) == ["operator"])
        #expect(try await http.setting.expiryJobs().isEmpty)
        let actor = try await http.setting.pool.query("select actor from stock_ledger where kind = 'released'")
        #expect(try actor.first?.get(0, as: String.self) == "ops:olga")
    }

    @Test("what is sold cannot be released or extended")
    func sold() async throws {
        let http = try await HTTPSetting()
        let (order, path) = try await reserved(in: http)
        try await http.setting.apply(try order.confirmed())
        try await http.run { client in
            #expect(try await client.send(.post, path + "/release", as: .ops).code == "reservation_committed")
            let extended = try await client.send(.post, path + "/extend", as: .ops, #"{"seconds": 60}"#)
            #expect(extended.code == "reservation_ended")
        }
        #expect(try await http.setting.stock("JAR") == [3, 0])
    }

    @Test("an extension holds for longer, up to the bound")
    func extends() async throws {
        let http = try await HTTPSetting(
            InventoryConfiguration(reservationTTL: .seconds(60), maxHold: .seconds(600)))
        let (order, path) = try await reserved(in: http)
        try await http.run { client in
            let extended = try await client.send(.post, path + "/extend", as: .ops, #"{"seconds": 300}"#)
            #expect(extended.status == 200)
            let reservation = try extended.json(ReservationView.self)
            #expect(reservation.extensions == 1)
            #expect(reservation.expiresAt.timeIntervalSince(reservation.createdAt) >= 300)
            // Shorter than it is held already: as it is.
            let shorter = try await client.send(.post, path + "/extend", as: .ops, #"{"seconds": 10}"#)
            #expect(try shorter.json(ReservationView.self).expiresAt == reservation.expiresAt)
            let tooLong = try await client.send(.post, path + "/extend", as: .ops, #"{"seconds": 3600}"#)
            #expect(tooLong.status == 422)
            #expect(tooLong.code == "hold_too_long")
            let wrong = try await client.send(.post, path + "/extend", as: .ops, #"{"seconds": 0}"#)
            #expect(wrong.fields == ["seconds"])
        }
        #expect(try await http.setting.reserved(order).count == 2)
        #expect(try await http.setting.expiryJobs().count == 1)
    }

    @Test("the document describes every route")
    func document() async throws {
        let setting = try await Setting()
        let document = try #require(InventoryService.openAPI)
        let router = Router(context: AppRequestContext.self)
        setting.service.addRoutes(to: router)
        let lines = document.split(separator: "\n")
        for route in router.routes {
            let path = route.path.description
            let start = try #require(lines.firstIndex { $0 == "  \(path):" }, "\(path) is not described")
            let section = lines[(start + 1)...].prefix { $0.hasPrefix("    ") }
            let method = "    \(route.method.rawValue.lowercased()):"
            #expect(section.contains { $0 == method }, "\(route.method) \(path) is not described")
        }
    }

    private func reserved(in http: HTTPSetting) async throws -> (TestOrder, String) {
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        let order = TestOrder(["JAR": 2])
        try await http.setting.apply(try order.created())
        return (order, "/reservations/\(try await http.setting.reservationID(order).lowercased)")
    }
}
