@testable import Postgres
import Synchronization
import Testing

@Suite struct SavepointTests {
    private let insert = TransactionTests.insert
    private let numbers: Statement = "select coalesce(array_agg(n order by n), '{}') from t"

    private func stored(_ body: (PostgresTransaction) async throws -> Void) async throws -> ([Int32], roundTrips: Int) {
        try await withDatabase { connection in
            try await connection.runScript(TransactionTests.table)
            let before = connection.roundTrips
            try await connection.withTransaction(body)
            let roundTrips = connection.roundTrips - before
            return (try await connection.value(numbers, as: [Int32].self), roundTrips)
        }
    }

    @Test func whatASavepointDidIsTakenBackAndTheRestIsKept() async throws {
        let (rows, _) = try await stored { tx in
            try await tx.query(insert.bind(1))
            let error = await #expect(throws: PostgresError.self) {
                try await tx.withSavepoint {
                    try await tx.query(insert.bind(2))
                    try await tx.query(insert.bind(1))
                }
            }
            #expect(error?.isUniqueViolation == true)
            try await tx.query(insert.bind(3))
        }
        #expect(rows == [1, 3])
    }

    @Test func aSavepointThatSucceedsCostsNoRoundTripOfItsOwn() async throws {
        let (rows, roundTrips) = try await stored { tx in
            let value = try await tx.withSavepoint {
                try await tx.query(insert.bind(1))
                return 7
            }
            #expect(value == 7)
        }
        #expect(rows == [1])
        #expect(roundTrips == 2)
    }

    @Test func errorsOfEnqueuedStatementsBelongToTheirSavepoint() async throws {
        let (rows, _) = try await stored { tx in
            tx.enqueue(insert.bind(1))
            await #expect(throws: PostgresError.self) {
                try await tx.withSavepoint {
                    tx.enqueue(insert.bind(2))
                    tx.enqueue(insert.bind(2))
                }
            }
            tx.enqueue(insert.bind(3))
        }
        #expect(rows == [1, 3])
    }

    @Test func withoutFlushingWhatIsEnqueuedTravelsWithCommitAndTheRestIsStillTakenBack() async throws {
        let (rows, roundTrips) = try await stored { tx in
            try await tx.withSavepoint(flushing: false) { tx.enqueue(insert.bind(1)) }
            try await tx.withSavepoint(flushing: false) {
                try await tx.query(insert.bind(2))
                tx.enqueue(insert.bind(3))
            }
            await #expect(throws: BodyError.self) {
                try await tx.withSavepoint(flushing: false) {
                    try await tx.query(insert.bind(4))
                    tx.enqueue(insert.bind(5))
                    throw BodyError()
                }
            }
            tx.enqueue(insert.bind(6))
        }
        #expect(rows == [1, 2, 3, 6])
        // Two queries, the way back to the savepoint, and COMMIT.
        #expect(roundTrips == 4)
    }

    @Test func withoutFlushingALaterSavepointDoesNotTakeBackWhatCameBeforeIt() async throws {
        await #expect(throws: PostgresError.self) {
            _ = try await stored { tx in
                try await tx.withSavepoint(flushing: false) {
                    try await tx.query(insert.bind(1))
                    tx.enqueue(insert.bind(1))
                }
                // The enqueued statement's error comes here, and is no reason to go on without what stood before.
                try? await tx.withSavepoint { _ = try await tx.query(insert.bind(2)) }
            }
        }
    }

    @Test func withoutFlushingAnErrorOfWhatIsEnqueuedIsTheTransactions() async throws {
        await #expect(throws: PostgresError.self) {
            _ = try await stored { tx in
                try await tx.withSavepoint(flushing: false) {
                    try await tx.query(insert.bind(1))
                    tx.enqueue(insert.bind(1))
                }
            }
        }
    }

    @Test func whatWasOnlyEnqueuedIsDroppedWithoutARoundTrip() async throws {
        let ran = Mutex(false)
        let (rows, roundTrips) = try await stored { tx in
            tx.enqueue(insert.bind(1))
            await #expect(throws: BodyError.self) {
                try await tx.withSavepoint {
                    tx.enqueue(insert.bind(2))
                    tx.enqueueAtCommit(insert.bind(3))
                    tx.afterCommit { ran.withLock { $0 = true } }
                    throw BodyError()
                }
            }
            try await tx.withSavepoint {}
        }
        #expect(rows == [1])
        #expect(roundTrips == 1)
        #expect(!ran.withLock { $0 })
    }

    @Test func savepointsNest() async throws {
        let (rows, _) = try await stored { tx in
            try await tx.withSavepoint {
                try await tx.query(insert.bind(1))
                await #expect(throws: BodyError.self) {
                    try await tx.withSavepoint {
                        try await tx.query(insert.bind(2))
                        try await tx.withSavepoint { _ = try await tx.query(insert.bind(3)) }
                        throw BodyError()
                    }
                }
                try await tx.withSavepoint { _ = try await tx.query(insert.bind(4)) }
            }
        }
        #expect(rows == [1, 4])
    }

    @Test func anErrorThatTheBodyIgnoresEndsTheSavepointButNotTheTransaction() async throws {
        let (rows, _) = try await stored { tx in
            try await tx.query(insert.bind(1))
            let error = await #expect(throws: PostgresError.self) {
                try await tx.withSavepoint { _ = try? await tx.query("select 1/0") }
            }
            #expect(error?.code == .transactionAborted)
            try await tx.query(insert.bind(2))
        }
        #expect(rows == [1, 2])
    }

    @Test func aFailureBeforeTheSavepointEndsTheTransaction() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await stored { tx in
                tx.enqueue(Statement("select 1/0").bind())
                _ = try? await tx.withSavepoint { _ = try await tx.query(insert.bind(1)) }
            }
        }
        #expect(error != nil)
    }
}
