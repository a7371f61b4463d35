@testable import Postgres
import Testing

@Suite struct PipelineTests {
    private let insert: Statement = "insert into t (n) values ($1)"

    @Test func statementsOfAPipelineTakeOneRoundTrip() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key)")
            let before = connection.roundTrips
            let results = try await connection.pipeline(
                (0..<10).map { insert.bind($0) } + [Statement("select count(*) from t").bind()])
            #expect(connection.roundTrips == before + 1)
            #expect(results.prefix(10).allSatisfy { $0.affectedRows == 1 })
            let count = try results[10][0].get(0, as: Int.self)
            #expect(count == 10)
        }
    }

    @Test func aFailureLeavesNothingBehindAndIsNamed() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.pipeline([1, 2, 1, 3].map { insert.bind($0) } + [Statement("select 1/0").bind()])
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.pipelineIndex == 2)
            #expect(error?.statement == insert.sql)
            let count = try await connection.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func aFailureToPrepareIsThatStatements() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.pipeline([
                    insert.bind(1), Statement("select missing").bind(), insert.bind(2),
                ])
            }
            #expect(error?.sqlState == "42703")
            #expect(error?.pipelineIndex == 1)
            let count = try await connection.value("select count(*) from t", as: Int.self)
            #expect(count == 0)
            // Those that the server skipped are prepared when they are needed.
            try await connection.query(insert.bind(2))
        }
    }

    @Test func anEmptyPipelineSendsNothing() async throws {
        try await withDatabase { connection in
            let before = connection.roundTrips
            let results = try await connection.pipeline([])
            #expect(results.isEmpty)
            #expect(connection.roundTrips == before)
        }
    }

    @Test func requestsOfManyTasksOnOneConnectionKeepTheirAnswers() async throws {
        try await withDatabase { connection in
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        let value = try await connection.value("select $1", number, as: Int.self)
                        #expect(value == number)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aPipelineThatExceedsEveryBufferRuns() async throws {
        try await withDatabase { connection in
            let text = String(repeating: "x", count: 100_000)
            let results = try await connection.pipeline((0..<200).map { _ in Statement("select $1::text").bind(text) })
            let isWhole = try results.allSatisfy { try $0[0].get(0, as: String.self) == text }
            #expect(isWhole)
        }
    }

    @Test func copyAsAQueryIsRefused() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (n int primary key)")
            let error = await #expect(throws: PostgresError.self) { try await connection.query("copy t from stdin") }
            #expect(error?.code == .protocolViolation)
            #expect(connection.isClosed)
        }
    }

    @Test func anEmptyStatementHasNoRows() async throws {
        try await withDatabase { connection in
            let rows = try await connection.query("")
            #expect(rows.isEmpty)
            #expect(rows.affectedRows == 0)
        }
    }

    @Test func aScriptRunsSeveralStatementsAsOneTransaction() async throws {
        try await withDatabase { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.runScript("create table a (n int); insert into a values (1); select 1/0")
            }
            #expect(error?.sqlState == "22012")
            let tables = try await connection.value(
                "select count(*) from pg_tables where tablename = 'a'", as: Int.self)
            #expect(tables == 0)
            try await connection.runScript("create table a (n int); insert into a values (1)")
            try await connection.runScript("create index concurrently on a (n)")
            let count = try await connection.value("select count(*) from a", as: Int.self)
            #expect(count == 1)
        }
    }
}
