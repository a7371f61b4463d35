import Foundation
import Postgres
import TestSupport
import Testing

@testable import Outbox

@Suite("Replaying")
struct LedgerReplayTests {
    private func ids(_ harness: RelayHarness) async throws -> [UUID] {
        try await harness.pool.query("select event_id from outbox order by position").map { try $0.get(0) }
    }

    @Test("an event, an aggregate and a range are appended again under their ids, in their order, and relayed")
    func appends() async throws {
        let harness = try await RelayHarness()
        try await harness.append(3, aggregate: "a")
        try await harness.append(3, aggregate: "b")
        let original = try await ids(harness)
        let replay = LedgerReplay(pool: harness.pool)
        func again(_ selection: LedgerReplay.Selection) async throws -> Int {
            try await replay.append(try await replay.candidates(selection, limit: 100))
        }
        #expect(try await again(.event(original[4])) == 1)
        #expect(try await again(.aggregate("a")) == 3)
        #expect(try await again(.positions(2...5)) == 4)
        let expected = original + [original[4]] + original[0...2] + original[1...4]
        #expect(try await ids(harness) == expected)
        try await harness.withRelay { try await harness.streamEqualsLedger() }
        let first = try #require(harness.broker.messages(in: RelayHarness.stream).first { $0.message.position == 5 })
        let copy = try #require(harness.broker.messages(in: RelayHarness.stream).first { $0.message.position == 7 })
        #expect(first.message.payload == copy.message.payload)
        #expect(first.message.messageID != copy.message.messageID)
    }

    @Test("an event that was replayed before is chosen once")
    func choosesOnce() async throws {
        let harness = try await RelayHarness()
        try await harness.append(2)
        let replay = LedgerReplay(pool: harness.pool)
        for _ in 0..<2 { _ = try await replay.append(try await replay.candidates(.aggregate("a"), limit: 10)) }
        #expect(try await replay.candidates(.aggregate("a"), limit: 10).map(\.position) == [5, 6])
        #expect(try await replay.candidates(.positions(1...4), limit: 10).map(\.position) == [3, 4])
        let id = try await ids(harness)[0]
        #expect(try await replay.candidates(.event(id), limit: 10).map(\.position) == [5])
        #expect(try await replay.candidates(.event(.v7()), limit: 10) == [])
        #expect(try await replay.candidates(.event(UUID()), limit: 10) == [])
    }

    @Test("a version 7 id tells when it was made")
    func madeAt() throws {
        let id = UUID.v7()
        #expect(abs(try #require(id.madeAt).timeIntervalSinceNow) < 60)
        #expect(UUID(uuidString: "11111111-2222-4333-8444-555555555555")?.madeAt == nil)
    }
}
