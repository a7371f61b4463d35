import Postgres
import TestSupport
import Testing

@testable import Outbox

@Suite("Gap rule: parallel writers")
struct ParallelWritersTests {
    private static let aggregates = 12
    private static let writers = 8
    private static let transactions = 12

    /// Each writer locks some aggregates, changes them and tells of each change with the aggregate's next number; then
    /// it commits, rolls back, rolls back a part, dawdles or dies.
    @Test("no event is lost, doubled or out of its aggregate's order among random transactions", arguments: 0..<6)
    func keepsEverythingInOrder(seed: UInt64) async throws {
        let harness = try await RelayHarness()
        try await harness.pool.query("create table aggregate (id int primary key, version int)")
        try await harness.pool.query("insert into aggregate select n, 0 from generate_series(1, 12) n")
        try await harness.withRelayAndBystander {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<UInt64(Self.writers) {
                    group.addTask {
                        let random = SeededRandom(seed: seed &* 1_000 &+ writer)
                        for _ in 0..<Self.transactions { try await Self.write(to: harness, random) }
                    }
                }
                try await group.waitForAll()
            }
            try await harness.streamEqualsLedger("the stream is a replica of the ledger (seed \(seed))")
        }
        for aggregate in 1...Self.aggregates {
            let version = try await harness.pool.query("select version from aggregate where id = $1::int", aggregate)
            let changes = Int(try version.first?.get(0, as: Int32.self) ?? 0)
            let told = try harness.numbers(of: "\(aggregate)")
            #expect(told == Array(0..<changes).map { $0 + 1 }, "aggregate \(aggregate), seed \(seed)")
        }
    }

    private static func write(to harness: RelayHarness, _ random: SeededRandom) async throws {
        struct Abort: Error {}
        let session = try await harness.session()
        // In one order, so that writers wait for each other and do not deadlock.
        let chosen = Set((0...random.next(4)).map { _ in random.next(aggregates) + 1 }).sorted()
        try await session.begin()
        // Some have their transaction id long before they get a row lock.
        if random.next(2) == 0 { try await session.run("select pg_current_xact_id()") }
        for aggregate in chosen {
            try await change(aggregate, in: session)
            if random.next(4) == 0 {
                try await session.run("savepoint attempt")
                try await change(aggregate, in: session)
                try await session.run(
                    random.next(2) == 0 ? "rollback to savepoint attempt" : "release savepoint attempt")
            }
            if random.next(3) == 0 { try await session.run("select pg_sleep(0.00\(random.next(8) + 1))") }
        }
        switch random.next(8) {
        case 0: try await session.rollback()
        case 1: break
        default: try await session.commit()
        }
        await session.connection.close()
    }

    private static func change(_ aggregate: Int, in session: Session) async throws {
        let version = try await session.number64(
            Statement("update aggregate set version = version + 1 where id = \(aggregate) returning version::bigint"))
        try await session.append("\(aggregate)", Int(version))
    }
}
