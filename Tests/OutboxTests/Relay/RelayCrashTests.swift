import Foundation
import Postgres
import Schema
import TestSupport
import Testing

@testable import Outbox

@Suite("Relay's crashes")
struct RelayCrashTests {
    /// `RELAY_CRASH_SEED=4711` runs that one alone; `RELAY_CRASH_SEEDS=100000` runs so many.
    private static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["RELAY_CRASH_SEED"].flatMap(UInt64.init) { return seed..<seed + 1 }
        return 0..<(environment["RELAY_CRASH_SEEDS"].flatMap(UInt64.init) ?? 1_000)
    }()

    /// Each seed is a stream of its own over the one ledger, in which some positions are missing.
    @Test(
        "wherever a relay dies and whatever the broker does, the next ones make the stream what the ledger is",
        arguments: [false, true])
    func surviveCrashes(purges: Bool) async throws {
        let database = try await TestDatabase.make(SchemaCatalog.outbox)
        let pool = database.pool(size: 1)
        try await pool.query(
            """
            insert into outbox (position, event_id, aggregate_type, aggregate_id, subject, event)
            select n, gen_random_uuid(), 'order', n::text, 'order.created.v1', '{}'
            from generate_series(2, 30) n where n not in (3, 11, 12, 13, 20, 29)
            """)
        let ledger = try await pool.query("select position from outbox order by 1").map {
            try $0.get(0, as: Int64.self)
        }
        let workers: UInt64 = 4
        let lives = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    let connection = try await PostgresConnection.connect(
                        RelayLock.session(database.configuration(applicationName: "relay")))
                    var lives = 0
                    for seed in Self.seeds where seed % workers == worker {
                        let simulation = CrashSimulation(
                            seed: seed, connection: connection, ledger: ledger, purges: purges)
                        let (failure, count) = try await simulation.run()
                        lives += count
                        if let failure {
                            Issue.record("seed \(seed) (again with RELAY_CRASH_SEED=\(seed)): \(failure)")
                            break
                        }
                    }
                    await connection.close()
                    return lives
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(lives >= Self.seeds.count * 2)
        await pool.close()
    }

    @Test("a relay goes on from any step at which it was interrupted", arguments: RelayStep.allCases)
    func goesOnAfterInterruption(at step: RelayStep) async throws {
        struct Interruption: Error {}
        // One refusal, and one event that no stream takes, so that every step comes.
        let isFull = OneTime()
        let harness = try await RelayHarness { _, batch in
            if isFull.take() { return .unavailable }
            return batch.firstIndex { $0.position == 4 }.map { .unacceptable(index: $0) } ?? .none
        }
        try await harness.append(6)
        try await harness.leaveDeadHole()
        try await harness.append(3)
        let steps = StepLog()
        steps.next(step) { throw Interruption() }
        try await harness.withRelay(observedBy: { try await steps.passed($0) }) {
            try await eventually("all are relayed but the one that no stream takes") {
                harness.streamPositions == [1, 2, 3, 5, 6, 8, 9, 10]
            }
        }
        #expect(steps.isDone)
        #expect(try await harness.pool.query("select 1 from dead_letter").count == 1)
    }

    @Test("after a refusal the tail is read once all that was handed over has been answered")
    func drainsBeforeReadingTail() async throws {
        let isFull = OneTime()
        let harness = try await RelayHarness { _, batch in
            isFull.take() ? .refused(index: 1, .unavailable("full")) : .delayed(first: batch.count)
        }
        try await harness.append(40)
        let left = Recorded<Int>()
        let broker = harness.broker
        try await harness.withRelay(observedBy: { if $0 == .tailRead { left.append(broker.underway) } }) {
            try await harness.streamEqualsLedger()
        }
        #expect(left.values.count >= 2)
        #expect(left.values.allSatisfy { $0 == 0 }, "on their way when the tail was read: \(left.values)")
    }

    @Test(
        "a fault point names a place and a count",
        arguments: [
            ("relay.acknowledged:3", true), ("relay.cursorSaved:1", true), ("relay.acknowledged", false),
            ("relay.acknowledged:0", false), ("relay.nonsense:1", false), ("acknowledged:1", false), ("", false),
            ("consumer.orders-payments:1", true), ("job.saga.deadline:12", true), ("job.saga.deadline", false),
            ("job.saga.deadline:0", false),
        ])
    func parsesFaultPoint(text: String, isValid: Bool) {
        #expect((FaultPoint(text) != nil) == isValid)
    }
}
