import Logging
import Outbox
import Postgres
import Schema
import TestSupport
import Testing

@Suite("Relay")
struct RelayTests {
    @Test("copies every row once and in order, and moves the cursor")
    func copies() async throws {
        let harness = try await RelayHarness()
        try await harness.append(25)
        try await harness.withRelay {
            try await harness.streamEqualsLedger()
            try await harness.append(25)
            try await harness.streamEqualsLedger()
            try await eventually("the cursor is at the end") {
                let cursor = try await harness.pool.query("select position, stream_sequence from outbox_cursor").first
                guard let (position, sequence) = try cursor?.decode(Int64.self, Int64.self) else { return false }
                return position == 50 && sequence == 50
            }
        }
    }

    @Test("a row that was inserted first and committed last is neither lost nor overtaken")
    func waitsForEarlierTransaction() async throws {
        let harness = try await RelayHarness()
        try await harness.withRelay {
            try await harness.pool.withTransaction { early in
                try await early.query(harness.writer.statement([try harness.event("early", 1)]))
                try await harness.append(3, aggregate: "late")
                try await eventually("the relay waits for the open transaction") {
                    try await !harness.pool.query("select pid from outbox_stall").isEmpty
                }
                #expect(harness.streamPositions.isEmpty)
            }
            try await harness.streamEqualsLedger()
            #expect(harness.streamPositions == [1, 2, 3, 4])
        }
    }

    @Test("a hole left by a rollback is passed")
    func passesRollback() async throws {
        let harness = try await RelayHarness()
        struct Abort: Error {}
        try await harness.append(2)
        await #expect(throws: Abort.self) {
            try await harness.pool.withTransaction { transaction in
                try await transaction.query(harness.writer.statement([try harness.event("gone", 1)]))
                throw Abort()
            }
        }
        try await harness.append(2)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        #expect(harness.streamPositions == [1, 2, 4, 5])
    }

    @Test("an open transaction that never wrote an event delays nothing, though it has an xid and a snapshot")
    func ignoresUnrelatedTransactions() async throws {
        let harness = try await RelayHarness()
        try await harness.pool.query("create table unrelated (id int)")
        try await harness.withRelay {
            try await harness.pool.withTransaction(isolation: .repeatableRead) { unrelated in
                try await unrelated.query("insert into unrelated values (1)")
                struct Abort: Error {}
                _ = try? await harness.pool.withTransaction { transaction in
                    try await transaction.query(harness.writer.statement([try harness.event("gone", 1)]))
                    throw Abort()
                }
                try await harness.append(5)
                try await harness.streamEqualsLedger("events flow past the unrelated transaction")
            }
        }
        #expect(harness.streamPositions == [2, 3, 4, 5, 6])
    }

    @Test("a transaction prepared for two-phase commit is waited for")
    func waitsForPrepared() async throws {
        let harness = try await RelayHarness()
        try await harness.pool.withConnection { connection in
            try await connection.runScript("begin")
            try await connection.query(harness.writer.statement([try harness.event("prepared", 1)]))
            try await connection.runScript("prepare transaction 'two-phase'")
        }
        try await harness.withRelay {
            try await harness.append(2)
            try await eventually("the relay leads") {
                try await !harness.pool.query("select stream from outbox_cursor").isEmpty
            }
            let stalled = try await harness.pool.query("select prepared_gid from outbox_stall").first
            #expect(try stalled?.get(0, as: String?.self) == "two-phase")
            #expect(harness.streamPositions.isEmpty)
            try await harness.pool.withConnection { try await $0.runScript("commit prepared 'two-phase'") }
            try await harness.streamEqualsLedger()
        }
    }

    @Test("a broker that is away loses nothing and dead-letters nothing")
    func survivesOutage() async throws {
        let harness = try await RelayHarness()
        try await harness.withRelay {
            try await harness.append(5)
            try await harness.streamEqualsLedger()
            harness.broker.setAway(true)
            try await harness.append(30)
            harness.broker.setAway(false)
            try await harness.streamEqualsLedger()
        }
        #expect(try await harness.pool.query("select 1 from dead_letter").isEmpty)
    }

    @Test("a stream that lost its tail is filled again, even when the broker's dedupe remembers what it lost")
    func repairsLostTail() async throws {
        let harness = try await RelayHarness()
        try await harness.append(30)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        harness.broker.loseTail(of: RelayHarness.stream, count: 12, keepsDedupe: true)
        try await harness.append(3)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        #expect(harness.streamPositions == Array(1...33))
    }

    @Test("a stream that was deleted and made anew is filled from the beginning")
    func refillsRecreatedStream() async throws {
        let harness = try await RelayHarness()
        try await harness.append(12)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        harness.broker.recreate(RelayHarness.stream)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        #expect(harness.streamPositions == Array(1...12))
    }

    @Test("an event that no stream takes is dead-lettered and passed, also by the next relay")
    func deadLettersUnacceptable() async throws {
        let harness = try await RelayHarness { _, batch in
            batch.firstIndex { $0.position == 4 }.map { .unacceptable(index: $0) } ?? .none
        }
        try await harness.append(6)
        let expected: [Int64] = [1, 2, 3, 5, 6]
        try await harness.withRelay {
            try await eventually("the others are relayed") { harness.streamPositions == expected }
        }
        let dead = try await harness.pool.query("select stream_sequence, state, error from dead_letter").first
        #expect(try dead?.get(0, as: Int64.self) == 4)
        try await harness.append(2)
        try await harness.withRelay {
            try await eventually("the next relay passes it too") { harness.streamPositions == expected + [7, 8] }
        }
    }

    @Test("whatever batches get lost, half stored or refused, the stream ends as the ledger", arguments: 0..<20)
    func survivesRandomFaults(seed: UInt64) async throws {
        let random = SeededRandom(seed: seed)
        let harness = try await RelayHarness { _, batch in
            switch random.next(10) {
            case 0: .lost
            case 1: .storedButUnacknowledged(first: Int(random.next(batch.count + 1)))
            case 2: .unavailable
            default: .none
            }
        }
        for _ in 0..<4 {
            // Each time a new relay: the one before was cancelled wherever it was.
            try await harness.withRelay {
                try await harness.append(Int(random.next(30)) + 1)
                try await eventually("some more is relayed (seed \(seed))") { !harness.streamPositions.isEmpty }
            }
            if random.next(3) == 0 {
                harness.broker.loseTail(
                    of: RelayHarness.stream, count: Int(random.next(8)), keepsDedupe: random.next(2) == 0)
            }
        }
        try await harness.withRelay {
            try await harness.streamEqualsLedger("the stream is a replica of the ledger (seed \(seed))")
        }
    }
}
