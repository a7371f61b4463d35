import Foundation
import Postgres
import Testing

@Suite struct ValueTests {
    private func roundTrip<T: PostgresEncodable & PostgresDecodable & Equatable & Sendable>(
        _ values: [T], as statement: Statement, on connection: PostgresConnection
    ) async throws {
        for value in values {
            let returned = try await connection.value(statement, value, as: T.self)
            #expect(returned == value, "\(statement.sql)")
        }
    }

    @Test func scalarsComeBackAsTheyWere() async throws {
        try await withDatabase { connection in
            try await roundTrip([0, 1, -1, Int16.min, .max], as: "select $1::int2", on: connection)
            try await roundTrip([0, 1, -1, Int32.min, .max], as: "select $1::int4", on: connection)
            try await roundTrip([0, 1, -1, Int64.min, .max], as: "select $1::int8", on: connection)
            try await roundTrip([0, 42, Int.min, .max], as: "select $1", on: connection)
            try await roundTrip([true, false], as: "select $1", on: connection)
            try await roundTrip(
                [0, 0.1, -1.5, .pi, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude],
                as: "select $1", on: connection)
            try await roundTrip([UUID(), UUID()], as: "select $1", on: connection)
            try await roundTrip([[UInt8](0...255), []], as: "select $1", on: connection)
            try await roundTrip([Data([0, 255, 92]), Data()], as: "select $1", on: connection)
            let isNaN = try await connection.value("select $1", Double.nan, as: Double.self).isNaN
            #expect(isNaN)
        }
    }

    @Test func textThatLooksLikeSQLStaysText() async throws {
        try await withDatabase { connection in
            let texts = [
                "", "plain", "'; drop table users; --", "$1", "\\", "\\x00", "{a,b}", "NULL", "null", "tab\tline\n",
                "\"quoted\"", "ñandú 🏺 日本語", String(repeating: "a'b\"", count: 1000),
            ]
            try await roundTrip(texts, as: "select $1::text", on: connection)
            try await roundTrip([texts], as: "select $1::text[]", on: connection)
        }
    }

    @Test func aStringWithAZeroCharacterIsRefusedAndNothingIsSent() async throws {
        try await withDatabase { connection in
            let before = connection.roundTrips
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("select $1::text", "a\0b")
            }
            #expect(error?.code == .encoding)
            #expect(error?.statement == "select $1::text")
            #expect(connection.roundTrips == before)
        }
    }

    @Test func aStringTakesTheTypeThatTheStatementNeeds() async throws {
        enum Status: String, PostgresEncodable, PostgresDecodable { case open, closed }
        try await withDatabase { connection in
            try await connection.runScript(
                """
                create type status as enum ('open', 'closed');
                create table things (s status, i interval, j jsonb, n numeric, d date, t text)
                """)
            try await connection.query(
                "insert into things values ($1, $2, $3, $4, $5, $6)", Status.closed, "2 hours",
                PostgresJSON(#"{"a": [1, 2]}"#), "12.50", "2026-11-23", "text")
            let rows = try await connection.query("select s, j, i = '120 minutes', n, d::text, t from things")
            let row = try #require(rows.first)
            let decoded = try row.decode(
                Status.self, PostgresJSON.self, Bool.self, Decimal.self, String.self, String.self)
            #expect(decoded.0 == .closed)
            #expect(decoded.1 == PostgresJSON(#"{"a": [1, 2]}"#))
            #expect(decoded.2)
            #expect(decoded.3 == Decimal(string: "12.50"))
            #expect(decoded.4 == "2026-11-23")
            let count = try await connection.value("select count(*) from things where s = $1", "open", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func decimalsKeepEveryDigit() async throws {
        try await withDatabase { connection in
            let texts = [
                "0", "1", "-1", "0.1", "12345.678", "-0.00001234", "10000", "100000000", "0.00000000000000000001",
                "99999999999999999999999999999999999999", "1234567890123456789.0123456789", "0.9999", "-10000.0001",
            ]
            for text in texts {
                let decimal = try #require(Decimal(string: text))
                let back = try await connection.value("select $1", decimal, as: Decimal.self)
                #expect(back == decimal)
                let asText = try await connection.value("select $1::text", decimal, as: String.self)
                #expect(asText == decimal.description)
            }
            let many = try await connection.value("select 1.5000::numeric", as: Decimal.self)
            #expect(many == Decimal(string: "1.5"))
            let sum = try await connection.value("select sum(n) from (values (1::bigint), (2)) v(n)", as: Int.self)
            #expect(sum == 3)
            let money = try await connection.value("select 12.25::numeric", as: Double.self)
            #expect(money == 12.25)
            let isNaN = try await connection.value("select 'NaN'::numeric", as: Decimal.self).isNaN
            #expect(isNaN)
            for sql in ["select 'Infinity'::numeric", "select 1e300::numeric", "select (1e39 + 0.1)::numeric"] {
                await #expect(throws: PostgresError.self) {
                    try await connection.value(Statement(sql), as: Decimal.self)
                }
            }
            await #expect(throws: PostgresError.self) { try await connection.value("select 1.5", as: Int.self) }
        }
    }

    @Test func datesKeepTheirMicroseconds() async throws {
        try await withDatabase { connection in
            let cases = [
                ("2026-11-23T21:46:00.123456Z", 1_795_470_360.123456), ("2000-01-01T00:00:00Z", 946_684_800),
                ("1999-12-31T23:59:59.999999Z", 946_684_799.999999), ("1970-01-01T00:00:00Z", 0),
                ("1969-12-31T23:59:59.5Z", -0.5), ("2099-12-31T23:59:59.999999Z", 4_102_444_799.999999),
            ]
            for (text, seconds) in cases {
                let date = Date(timeIntervalSince1970: seconds)
                let isSame = try await connection.value(
                    "select $1 = $2::text::timestamptz", date, text, as: Bool.self)
                #expect(isSame, "\(text)")
                let read = try await connection.value("select $1::text::timestamptz", text, as: Date.self)
                #expect(abs(read.timeIntervalSince1970 - seconds) < 0.000_000_5, "\(text)")
            }
            let now = try await connection.query("select now(), now() at time zone 'UTC'")
            let (zoned, plain) = try #require(try now.decode(Date.self, Date.self).first)
            #expect(zoned == plain)
            await #expect(throws: PostgresError.self) {
                try await connection.value("select 'infinity'::timestamptz", as: Date.self)
            }
            await #expect(throws: PostgresError.self) {
                try await connection.query("select $1", Date.distantPast + -1e15)
            }
        }
    }

    @Test func microsecondsSurviveManyRoundTrips() async throws {
        try await withDatabase { connection in
            for _ in 0..<200 {
                let micros = Int64.random(in: 0..<4_000_000_000_000_000)
                let date = try await connection.value(
                    "select 'epoch'::timestamptz + $1 * interval '1 microsecond'", micros, as: Date.self)
                let back = try await connection.value(
                    "select (extract(epoch from $1) * 1000000)::bigint", date, as: Int64.self)
                #expect(back == micros)
            }
        }
    }

    @Test func arraysComeBackAsTheyWere() async throws {
        try await withDatabase { connection in
            try await roundTrip([[1, 2, 3], [], [Int.min, .max]], as: "select $1", on: connection)
            try await roundTrip([[Int64(1)], []], as: "select $1", on: connection)
            try await roundTrip([[Int32(1), -1]], as: "select $1", on: connection)
            try await roundTrip([[Int16(1), -1]], as: "select $1", on: connection)
            try await roundTrip([[true, false]], as: "select $1", on: connection)
            try await roundTrip([[0.5, -.infinity]], as: "select $1", on: connection)
            try await roundTrip([[UUID(), UUID()], []], as: "select $1", on: connection)
            try await roundTrip([[Date(timeIntervalSinceReferenceDate: 0.5)]], as: "select $1", on: connection)
            try await roundTrip([[Decimal(1), Decimal(string: "2.5") ?? 0]], as: "select $1", on: connection)
            try await roundTrip([[[1, 2], [], [255, 0]] as [[UInt8]]], as: "select $1", on: connection)
            try await roundTrip(
                [["a", nil, "", "NULL", "{\"x\\y\"}"] as [String?], []], as: "select $1::text[]", on: connection)
            try await roundTrip([[1, nil, 3] as [Int64?]], as: "select $1", on: connection)
            try await roundTrip([[UUID(), nil]], as: "select $1", on: connection)
            try await roundTrip([[PostgresJSON("{\"a\": \"b,c\"}")]], as: "select $1::jsonb[]", on: connection)
            let found = try await connection.value("select 'b' = any($1)", ["a", "b"], as: Bool.self)
            #expect(found)
            let sum = try await connection.value("select sum(x) from unnest($1) x", [1, 2, 3], as: Int.self)
            #expect(sum == 6)
        }
    }

    @Test func anArrayWithANullNeedsAnOptionalElement() async throws {
        try await withDatabase { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.value("select array[1, null]::int8[]", as: [Int].self)
            }
            #expect(error?.code == .decoding)
            await #expect(throws: PostgresError.self) {
                try await connection.value("select array[[1, 2], [3, 4]]::int8[]", as: [Int].self)
            }
        }
    }

    @Test func nullIsNilAndNothingElse() async throws {
        try await withDatabase { connection in
            let none: Int? = nil
            let rows = try await connection.query("select $1::int8, $2::text, null::uuid", none, nil)
            let row = try #require(rows.first)
            let (number, text, id) = try row.decode(Int?.self, String?.self, UUID?.self)
            #expect(number == nil && text == nil && id == nil)
            let error = #expect(throws: PostgresError.self) { try row.get(1, as: String.self) }
            #expect(error?.code == .decoding)
            #expect(error?.message.contains("\"text\"") == true)
        }
    }

    @Test func anEmptyValueIsNotNull() async throws {
        try await withDatabase { connection in
            let bytes = try await connection.value("select $1", [UInt8](), as: [UInt8]?.self)
            #expect(bytes == [])
            let text = try await connection.value("select $1::text", "", as: String?.self)
            #expect(text == "")
        }
    }

    @Test func jsonIsReadAsTextAndAsBytes() async throws {
        struct Body: Codable, Equatable {
            var name: String
            var at: Date
        }
        try await withDatabase { connection in
            let body = Body(name: "Jarrón", at: Date(timeIntervalSince1970: 1_000_000))
            let json = try PostgresJSON(encoding: body)
            let rows = try await connection.query("select $1::jsonb, $2::json, $3::text", json, json, json)
            let row = try #require(rows.first)
            let texts = try row.decode(String.self, [UInt8].self, Data.self)
            #expect(texts.0.contains("Jarrón"))
            #expect(texts.1 == json.bytes)
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            let decoded = try decoder.decode(Body.self, from: texts.2)
            #expect(decoded == body)
        }
    }

    @Test func aWrongTypeIsAnErrorThatNamesColumnAndTypeButNoValue() async throws {
        try await withDatabase { connection in
            let rows = try await connection.query("select 'secret'::text as code, 7::int8 as big, 1.5::float8 as f")
            let row = try #require(rows.first)
            let error = #expect(throws: PostgresError.self) { try row.get("code", as: Int.self) }
            #expect(error?.code == .decoding)
            #expect(error?.description.contains("\"code\" (text)") == true)
            #expect(error?.description.contains("secret") == false)
            #expect(throws: PostgresError.self) { try row.get("big", as: String.self) }
            #expect(throws: PostgresError.self) { try row.get("big", as: Bool.self) }
            #expect(throws: PostgresError.self) { try row.get("f", as: Int.self) }
            #expect(throws: PostgresError.self) { try row.get("missing", as: Int.self) }
            #expect(throws: PostgresError.self) { try row.get(3, as: Int.self) }
            #expect(throws: PostgresError.self) { try row.decode(String.self, Int.self) }
            let big = try row.get("big", as: Int16.self)
            #expect(big == 7)
            let overflow = try await connection.query("select 70000")
            #expect(throws: PostgresError.self) { try overflow.first?.get(0, as: Int16.self) }
        }
    }

    @Test func uuidIsReadAsTextInLowerCase() async throws {
        try await withDatabase { connection in
            let id = UUID()
            let text = try await connection.value("select $1", id, as: String.self)
            #expect(text == id.uuidString.lowercased())
        }
    }
}
