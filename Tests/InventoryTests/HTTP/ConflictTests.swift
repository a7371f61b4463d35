import HTTPTypes
import Hummingbird
import Postgres
import ServiceRuntime
import Testing

@testable import Inventory

/// What a client sees of a transaction that the server chose to give way.
@Suite("Conflicts behind HTTP")
struct ConflictTests {
    @Test(
        "a deadlock or a serialization failure is tried again, and its caller sees nothing",
        arguments: ["40P01", "40001"])
    func retried(state: String) async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        try await http.setting.apply(try TestOrder(["JAR": 1]).created())
        let reservation = try await http.setting.pool.query("select id::text from reservation").first?.get(
            0, as: String.self)
        let path = "/reservations/\(try #require(reservation))"
        try await http.run { client in
            func send(
                _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, _ headers: HTTPFields = [:]
            ) async throws {
                try await Self.fail(times: 2, state, in: http.setting)
                let answer = try await client.send(method, path, as: .ops, body, headers: headers)
                #expect((200...201).contains(answer.status), "\(method) \(path)")
            }
            try await send(.put, "/products/JAR/low-stock-threshold", #"{"threshold": 3}"#)
            try await send(
                .post, "/products/JAR/stock/adjustments", #"{"delta": 1, "reason": "found"}"#, [.idempotencyKey: "k"])
            try await send(.post, "\(path)/release")
            try await send(
                .post, "/shops/ana/products.csv", "sku,title,price,currency,version,adjustStock\nJAR,Urn,1,EUR,*,1\n",
                [.idempotencyKey: "k", .contentType: "text/csv"])
        }
        #expect(try await http.setting.stock("JAR") == [7, 0])
        #expect(try await http.setting.drift() == 0)
    }

    @Test("what conflicts again and again is told in the end, and nothing was done")
    func bounded() async throws {
        let http = try await HTTPSetting()
        try await http.setting.product("JAR", stock: 5, artisan: "ana")
        try await Self.fail(times: 100, "40P01", in: http.setting)
        try await http.run { client in
            let answer = try await client.send(
                .put, "/products/JAR/low-stock-threshold", as: .ops, #"{"threshold": 3}"#)
            #expect(answer.status == 503)
            #expect(answer.code == "database_unavailable")
        }
        #expect(try await http.setting.level("JAR").lowStockThreshold == 0)
        #expect(try await http.setting.count("select last_value from failures") == 4)
    }

    /// The next so many changes of stock fail; a sequence counts them, because it is not rolled back.
    private static func fail(times: Int, _ state: String, in setting: Setting) async throws {
        for statement in [
            "drop trigger if exists fail on stock",
            "drop sequence if exists failures",
            "create sequence failures",
            """
            create or replace function fail() returns trigger language plpgsql as $$
            begin
                if nextval('failures') <= \(times) then
                    raise exception 'of the test' using errcode = '\(state)';
                end if;
                return new;
            end $$
            """,
            "create trigger fail before update on stock for each row execute function fail()",
        ] {
            try await setting.pool.withConnection { try await $0.runScript(statement) }
        }
    }
}
