@testable import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct RetriedTransactionTests {
    @Test func twoTransactionsThatWaitForEachOtherBothSucceed() async throws {
        try await withPool { pool in
            try await pool.withConnection {
                try await $0.runScript(
                    "create table t (n int primary key, v int not null); insert into t values (1, 0), (2, 0)")
            }
            let update: Statement = "update t set v = v + 1 where n = $1::int"
            let (first, second) = (Signal(), Signal())
            let runs = Count()
            let run: @Sendable (Int32, Int32, Signal, Signal) async throws -> Void = { here, there, mine, other in
                try await pool.withRetriedTransaction { transaction in
                    runs.add()
                    try await transaction.query(update.bind(here))
                    mine.give()
                    await other.wait()
                    try await transaction.query(update.bind(there))
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await run(1, 2, first, second) }
                group.addTask { try await run(2, 1, second, first) }
                try await group.waitForAll()
            }
            // The one that gave way may be too early once more, before the other has what it waited for.
            #expect(runs.value >= 3)
            #expect(try await pool.value("select sum(v)::int from t", as: Int.self) == 4)
        }
    }

    @Test func itGivesUpAfterItsAttemptsWithTheServersError() async throws {
        try await withPool { pool in
            let runs = Count()
            await #expect(throws: PostgresError.self) {
                try await pool.withRetriedTransaction(attempts: 3) { transaction in
                    runs.add()
                    transaction.enqueue(Self.conflict.bind())
                }
            }
            #expect(runs.value == 3)
        }
    }

    @Test func otherErrorsComeThroughAtOnce() async throws {
        try await withPool { pool in
            let runs = Count()
            await #expect(throws: BodyError.self) {
                try await pool.withRetriedTransaction { _ in
                    runs.add()
                    throw BodyError()
                }
            }
            #expect(runs.value == 1)
        }
    }

    private static let conflict: Statement = "do $$ begin raise exception 'conflict' using errcode = '40001'; end $$"
}

/// Given once; who waits for it after that passes.
private final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func give() { continuation.finish() }
    func wait() async { for await _ in stream {} }
}

private final class Count: Sendable {
    private let stored = Mutex(0)

    var value: Int { stored.withLock { $0 } }

    func add() { stored.withLock { $0 += 1 } }
}
