@testable import Postgres
import Testing

@Suite struct StatementCacheTests {
    private let statement: Statement = "select $1"

    @Test func nullUsesWhatIsThere() {
        var cache = StatementCache(capacity: 8)
        let (first, isNew) = cache.take(statement, types: [.int8])
        #expect(isNew)
        let (second, isSecondNew) = cache.take(statement, types: [nil])
        #expect(!isSecondNew && first === second)
    }

    @Test func combinationsOfTypesConverge() {
        var cache = StatementCache(capacity: 8)
        let two: Statement = "select $1, $2"
        _ = cache.take(two, types: [.int8, nil])
        let (full, isNew) = cache.take(two, types: [nil, .uuid])
        #expect(isNew)
        #expect(full.types == [.int8, .uuid])
        for types: [PostgresType?] in [[.int8, .uuid], [nil, nil], [.int8, nil], [nil, .uuid]] {
            #expect(!cache.take(two, types: types[...]).isNew)
        }
        #expect(cache.count == 2)
    }

    @Test func theOneUnusedForLongestLeavesFirst() {
        var cache = StatementCache(capacity: 2)
        cache.beginRequest()
        _ = cache.take("select 1", types: [])
        cache.beginRequest()
        let (second, _) = cache.take("select 2", types: [])
        cache.beginRequest()
        _ = cache.take("select 1", types: [])
        cache.beginRequest()
        _ = cache.take("select 3", types: [])
        #expect(cache.takeDiscarded() == [second.name])
        #expect(cache.take("select 1", types: []).isNew == false)
    }

    @Test func whatARequestUsesIsNotEvictedByIt() {
        var cache = StatementCache(capacity: 1)
        cache.beginRequest()
        _ = cache.take("select 1", types: [])
        _ = cache.take("select 2", types: [])
        #expect(cache.discarded.isEmpty)
        #expect(cache.count == 2)
    }
}

@Suite struct PreparedStatementTests {
    private static let prepared: Statement = "select count(*) from pg_prepared_statements"

    @Test func aStatementIsPreparedOnceAndFoundAgain() async throws {
        try await withDatabase { connection in
            for number in 0..<5 {
                let value = try await connection.value("select $1 + 1", number, as: Int.self)
                #expect(value == number + 1)
            }
            let count = try await connection.value(Self.prepared, as: Int.self)
            #expect(count == 2)
        }
    }

    @Test func noMoreThanTheLimitIsKept() async throws {
        try await withDatabase({ $0.maxPreparedStatements = 3 }) { connection in
            for number in 0..<20 {
                let value = try await connection.value(Statement("select \(number)"), as: Int.self)
                #expect(value == number)
            }
            let count = try await connection.value(Self.prepared, as: Int.self)
            #expect(count <= 3)
        }
    }

    @Test func aPipelineLongerThanTheLimitStillRuns() async throws {
        try await withDatabase({ $0.maxPreparedStatements = 2 }) { connection in
            for _ in 0..<3 {
                let results = try await connection.pipeline((0..<10).map { Statement("select \($0)").bind() })
                let numbers = try results.map { try $0[0].get(0, as: Int.self) }
                #expect(numbers == Array(0..<10))
            }
        }
    }

    @Test func withoutPreparingNothingIsLeftOnTheServer() async throws {
        try await withDatabase({ $0.preparedStatements = false }) { connection in
            let value = try await connection.value("select $1 || $2::text", "a", nil, as: String?.self)
            #expect(value == nil)
            let results = try await connection.pipeline([
                Statement("select $1").bind(1), Statement("select $1").bind(true),
            ])
            #expect(results.count == 2)
            let count = try await connection.value(Self.prepared, as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func aStatementThatTheSchemaOutdatedIsPreparedAgain() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (a int); insert into t values (1)")
            let all: Statement = "select * from t"
            let before = try await connection.query(all)
            #expect(before.columns == ["a"])
            try await connection.runScript("alter table t add b text default 'new'")
            let after = try await connection.query(all)
            #expect(after.columns == ["a", "b"])
        }
    }

    @Test func inATransactionAnOutdatedStatementIsATransientError() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table t (a int)")
            let all: Statement = "select * from t"
            try await connection.query(all)
            try await connection.runScript("alter table t add b text")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { tx in _ = try await tx.query(all) }
            }
            #expect(error?.sqlState == "0A000")
            #expect(error?.isTransient == true)
            let columns = try await connection.withTransaction { tx in try await tx.query(all).columns }
            #expect(columns == ["a", "b"])
        }
    }

    @Test func statementsThatSomebodyDeallocatedArePreparedAgain() async throws {
        try await withDatabase { connection in
            try await connection.query("select 1")
            try await connection.runScript("deallocate all")
            let value = try await connection.value("select 1", as: Int.self)
            #expect(value == 1)
        }
    }

    @Test func aStatementThatFailsToPrepareIsTriedAnew() async throws {
        try await withDatabase { connection in
            let select: Statement = "select n from later"
            await #expect(throws: PostgresError.self) { try await connection.query(select) }
            try await connection.runScript("create table later (n int); insert into later values (5)")
            let value = try await connection.value(select, as: Int.self)
            #expect(value == 5)
        }
    }
}
