import Foundation
@testable import Postgres
import TestSupport
import Testing

@Suite struct CopyTests {
    private static let copy: Statement = "copy t (n, s) from stdin"

    @Test func tenThousandRowsArrive() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key, s text)")
            let rows = (0..<10_000).map {
                [$0, $0 % 3 == 0 ? nil : "row \($0)\t\n\r\\N"] as [(any PostgresEncodable)?]
            }
            let stored = try await connection.copyIn(Self.copy, rows: rows)
            #expect(stored == 10_000)
            let sums = try await connection.query(
                "select count(*), sum(n), count(s), count(*) filter (where s = 'row ' || n || E'\\t\\n\\r\\\\N') from t"
            )
            let (count, sum, texts, same) = try #require(try sums.decode(Int.self, Int.self, Int.self, Int.self).first)
            #expect(count == 10_000 && sum == 49_995_000 && texts == 6666 && same == 6666)
            try await connection.query("select 1")
        }
    }

    @Test func everyTypeIsCopied() async throws {
        try await withDatabase { connection in
            try await connection.runScript(
                """
                create table t (a int2, b int8, c float8, d bool, e uuid, f timestamptz, g numeric, h bytea, i jsonb,
                    j int8[], k text[], l bytea[], m timestamptz[])
                """)
            let id = UUID()
            let date = Date(timeIntervalSince1970: 1_795_470_360.123456)
            let early = Date(timeIntervalSince1970: -100_000_000_000)
            let texts = ["a,b", "\"c\"", "\\d", "{e}", "tab\t", "NULL", ""]
            let row: [(any PostgresEncodable)?] = [
                Int16(-5), 1 << 40, -0.1, true, id, date, Decimal(string: "-12.340"), [UInt8]([0, 9, 10, 92, 255]),
                PostgresJSON(#"{"k": "a\tb"}"#), [1, 2], texts, [[1], []] as [[UInt8]], [early, date],
            ]
            let infinite: [(any PostgresEncodable)?] = [
                nil, nil, Double.infinity, false, nil, early, nil, [UInt8](), nil, [Int](), [nil, "x"] as [String?],
                nil, nil,
            ]
            try await connection.copyIn("copy t from stdin", rows: [row, infinite])
            let rows = try await connection.query("select * from t")
            let first = try rows[0].decode(
                Int16.self, Int64.self, Double.self, Bool.self, UUID.self, Date.self, Decimal.self, [UInt8].self,
                String.self, [Int].self, [String].self, [[UInt8]].self, [Date].self)
            #expect(first.0 == -5 && first.1 == 1 << 40 && first.2 == -0.1 && first.3 && first.4 == id)
            #expect(first.5 == date && first.6 == Decimal(string: "-12.34") && first.7 == [0, 9, 10, 92, 255])
            #expect(first.8 == #"{"k": "a\tb"}"#)
            #expect(first.9 == [1, 2])
            #expect(first.10 == texts)
            #expect(first.11 == [[1], []])
            #expect(first.12 == [early, date])
            let second = try (
                rows[1].get(2, as: Double.self), rows[1].get(5, as: Date.self), rows[1].get(7, as: [UInt8].self)
            )
            #expect(second.0 == .infinity && second.1 == early && second.2 == [])
            let strings = try rows[1].get(10, as: [String?].self)
            #expect(strings == [nil, "x"])
        }
    }

    @Test func aRowThatTheServerRefusesStoresNothing() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key, s text)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.copyIn(Self.copy, rows: (0..<100_000).map { [$0 % 50_000, "x"] })
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.statement == Self.copy.sql)
            let count = try await connection.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func anErrorOfTheRowsComesThroughUnchangedAndStoresNothing() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key, s text)")
            let rows = AsyncThrowingStream<[(any PostgresEncodable)?], any Error> { continuation in
                for number in 0..<10 { continuation.yield([number, "x"]) }
                continuation.finish(throwing: BodyError())
            }
            await #expect(throws: BodyError.self) { try await connection.copyIn(Self.copy, rows: rows) }
            let count = try await connection.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func aMissingTableIsTold() async throws {
        try await withDatabase { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.copyIn("copy missing from stdin", rows: [[1]])
            }
            #expect(error?.sqlState == PostgresSQLState.undefinedTable)
            try await connection.query("select 1")
        }
    }

    @Test func aStatementThatIsNotCopyInIsRefused() async throws {
        try await withDatabase { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.copyIn("copy (select 1) to stdout", rows: [[1]])
            }
            #expect(error?.code == .protocolViolation)
        }
        try await withDatabase { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.copyIn("select 1", rows: [[1]])
            }
            #expect(error?.code == .protocolViolation)
            try await connection.query("select 1")
        }
    }

    @Test func cancellingStopsACopyThatWaitsForALock() async throws {
        try await withPool(size: 3) { pool in
            try await pool.withConnection { try await $0.runScript("create table t (n int primary key, s text)") }
            try await pool.withTransaction { tx in
                try await tx.query("lock table t")
                try await pool.withConnection { connection in
                    let task = Task {
                        let text = String(repeating: "x", count: 1000)
                        _ = try await connection.copyIn(Self.copy, rows: (0..<100_000).lazy.map { [$0, text] })
                    }
                    try await eventually("COPY waits for the table") {
                        try await pool.value(
                            "select count(*) from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'",
                            connection.backendPID, as: Int.self) == 1
                    }
                    task.cancel()
                    let error = await #expect(throws: PostgresError.self) { try await task.value }
                    #expect(error?.code == .cancelled)
                    let value = try await connection.value("select 1", as: Int.self)
                    #expect(value == 1)
                }
            }
            let count = try await pool.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func copyTakesPartInATransaction() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key, s text)")
            await #expect(throws: BodyError.self) {
                try await connection.withTransaction { tx in
                    tx.enqueue(Statement("insert into t values (1, 'a')").bind())
                    try await tx.copyIn(Self.copy, rows: [[2, "b"]])
                    let count = try await tx.value("select count(*) from t", as: Int.self)
                    #expect(count == 2)
                    throw BodyError()
                }
            }
            let count = try await connection.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
        }
    }
}
