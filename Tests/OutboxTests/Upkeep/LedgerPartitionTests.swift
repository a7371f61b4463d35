import CoreMetrics
import Outbox
import Postgres
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@Suite("Upkeep: the ledger's partitions")
struct LedgerPartitionTests {
    @Test("partitions are ahead of the last position, each beginning where the one before it ends")
    func keepsAhead() async throws {
        let setting = try await UpkeepSetting(size: 10, ahead: 2)
        #expect(try await setting.bounds() == [[0, 10], [10, 20], [20, 30]])
        try await setting.append(10)
        try await setting.create(2, size: 10)
        #expect(try await setting.bounds().map { $0[1] } == [10, 20, 30, 40])
        // Again changes nothing.
        try await setting.create(2, size: 10)
        #expect(try await setting.bounds().count == 4)
    }

    @Test("another size goes on from the bounds that are there, and names play no part in what is dropped")
    func mixesSizes() async throws {
        let setting = try await UpkeepSetting(size: 1_000, ahead: 1)
        try await setting.append(30)
        // Smaller ones from here; 1990 is not a multiple of them.
        try await setting.pool.query("select setval('outbox_position_seq', 1990)")
        try await setting.create(2, size: 300)
        #expect(try await setting.bounds() == [[0, 1_000], [1_000, 2_000], [2_000, 2_100], [2_100, 2_400]])
        try await setting.append(1)
        try await setting.age("20 days")
        try await setting.moveCursor(to: 998)
        try await setting.run(setting.job())
        #expect(try await setting.bounds().first == [0, 1_000])
        try await setting.moveCursor(to: 999)
        try await setting.run(setting.job())
        #expect(try await setting.bounds().first == [1_000, 2_000])
        #expect(try await setting.number("select first_position from outbox_extent") == 1_000)
    }

    @Test("behind a jump of the sequence the partition of the next position is there")
    func followsJumps() async throws {
        let setting = try await UpkeepSetting(size: 10, ahead: 1)
        try await setting.pool.query("select setval('outbox_position_seq', 12345)")
        try await setting.create(1, size: 10)
        try await setting.append(8)
        #expect(try await setting.bounds() == [[0, 10], [10, 20], [12_340, 12_350], [12_350, 12_360]])
    }

    @Test("nothing is dropped before a relay has written a cursor")
    func waitsForACursor() async throws {
        let setting = try await UpkeepSetting(size: 10)
        try await setting.append(35)
        try await setting.age("400 days")
        try await setting.run(setting.job())
        #expect(try await setting.bounds().first == [0, 10])
    }

    @Test("of several cursors the last one decides: a relay that is behind the retention loses nothing")
    func waitsForTheSlowest() async throws {
        let setting = try await UpkeepSetting(size: 10)
        try await setting.append(35)
        try await setting.age("400 days")
        try await setting.moveCursor(of: "orders", to: 35)
        try await setting.moveCursor(of: "audit", to: 18)
        try await setting.run(setting.job())
        // 19 is still to be relayed to the one.
        #expect(try await setting.bounds().first == [10, 20])
        try await setting.moveCursor(of: "audit", to: 35)
        try await setting.run(setting.job())
        // The partition that is being written stays, however old its rows.
        #expect(try await setting.bounds().first == [30, 40])
    }

    @Test("the age is that of a partition's newest row, wherever it stands, by the database's clock")
    func keepsWhatIsYoung() async throws {
        let setting = try await UpkeepSetting(size: 10)
        try await setting.append(25)
        try await setting.age("15 days")
        // A transaction that began late and was given an early position.
        try await setting.pool.query("update outbox set occurred_at = now() - interval '13 days' where position = 4")
        try await setting.moveCursor(to: 25)
        try await setting.run(setting.job())
        #expect(try await setting.bounds().first == [0, 10])
        try await setting.pool.query("update outbox set occurred_at = now() - interval '15 days' where position = 4")
        try await setting.run(setting.job())
        #expect(try await setting.bounds().first == [20, 30])
    }

    @Test("writers go on over the bounds while two jobs make and drop partitions")
    func disturbsNobody() async throws {
        let setting = try await UpkeepSetting(size: 20, ahead: 10, poolSize: 16)
        let last: Statement = "select coalesce(max(position), 0) from outbox"
        let first: Statement = "select first_position from outbox_extent"
        try await withThrowingTaskGroup(of: Void.self) { group in
            let writers = Writers(4)
            for _ in 0..<2 {
                group.addTask {
                    while writers.areWriting {
                        try await setting.create(8, size: 20)
                        try await setting.moveCursor(to: try await setting.number(last))
                        try await setting.run(setting.job(retention: .zero))
                    }
                }
            }
            for writer in 0..<4 {
                group.addTask {
                    // Until something was dropped beside them.
                    for round in 1...100 {
                        try await setting.append(10, aggregate: "w\(writer)")
                        if round >= 4, try await setting.number(first) > 0 { break }
                    }
                    writers.oneIsDone()
                }
            }
            // A failure ends the others at once.
            while try await group.next() != nil {}
        }
        let begin = try await setting.number(first)
        #expect(begin > 0)
        #expect(try await setting.number("select count(*) - max(position) from outbox") == 1 - begin)
    }

    @Test("eight sessions that make partitions at once make each of them once")
    func makesOnce() async throws {
        let setting = try await UpkeepSetting(size: 10, ahead: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await setting.create(9, size: 10) } }
            try await group.waitForAll()
        }
        #expect(try await setting.bounds().count == 10)
    }

    @Test("a reader that stays holds up the drop, not the writers, and not the making of partitions")
    func givesWay() async throws {
        let setting = try await UpkeepSetting(size: 10)
        try await setting.append(15)
        try await setting.age("20 days")
        try await setting.moveCursor(to: 15)
        try await setting.pool.withTransaction { reader in
            // What a dump does for hours.
            try await reader.query("select count(*) from outbox")
            try await setting.run(setting.job())
            try await setting.append(1)
            #expect(try await setting.bounds().first == [0, 10])
            // The fourth one ahead, of the size that the job makes.
            #expect(try await setting.bounds().last == [50, 1_000_000])
            #expect(try await setting.number("select count(*) from outbox_partitions_due('14 days')") == 1)
        }
        try await setting.run(setting.job())
        #expect(try await setting.bounds().first == [10, 20])
    }

    @Test("a stream that is filled again from a ledger that begins later is told to be incomplete")
    func tellsWhatIsMissing() async throws {
        let harness = try await RelayHarness()
        try await UpkeepSetting.makePartitions(4, size: 10, on: harness.pool)
        let metrics = PrometheusRegistry()
        try await harness.append(25)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        try await harness.pool.query("update outbox set occurred_at = now() - interval '20 days'")
        let dropped = try await harness.pool.query("select outbox_drop_partition('14 days')").first
        #expect(try dropped?.get(0, as: String.self) == "outbox_p000000000")
        harness.broker.recreate(RelayHarness.stream)
        try await withMetricsFactory(metrics) {
            try await harness.withRelay { try await harness.streamEqualsLedger() }
        }
        #expect(await metrics.exposition().contains("outbox_relay_unrecoverable_total{stream=\"orders\"} 9\n"))
        #expect(harness.streamPositions == Array(10...25))
    }
}

private final class Writers: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    var areWriting: Bool { left.withLock { $0 > 0 } }
    func oneIsDone() { left.withLock { $0 -= 1 } }
}
