import Postgres
import TestSupport
import Testing

@testable import Outbox

/// Relays that all believe they lead, on one outbox.
@Suite("Relay's fence")
struct FencingTests {
    struct Case: CustomTestStringConvertible {
        let relays: Int
        let seed: UInt64
        var testDescription: String { "\(relays) relays, seed \(seed)" }
    }

    @Test(
        "relays active at once cannot interleave, whatever the broker does to their batches",
        arguments: [2, 3].flatMap { relays in (0..<8).map { Case(relays: relays, seed: $0) } })
    func isFenced(setting: Case) async throws {
        let random = SeededRandom(seed: setting.seed)
        let harness = try await RelayHarness { _, batch in
            switch random.next(16) {
            case 0: .lost
            case 1: .storedButUnacknowledged(first: random.next(batch.count + 1))
            case 2: .duplicated
            case 3: .refused(index: random.next(batch.count), .unavailable("full"))
            case 4: .delayed(first: random.next(batch.count))
            case 5...8: .delayed(first: batch.count)
            default: .none
            }
        }
        try await harness.append(30)
        try await withThrowingTaskGroup(of: Void.self) { group in
            // None asks for the lock, so all lead.
            for _ in 0..<setting.relays {
                group.addTask { try await UnlockedRelay(harness: harness).run() }
            }
            for _ in 0..<8 {
                switch random.next(5) {
                case 0:
                    harness.broker.loseTail(
                        of: RelayHarness.stream, count: random.next(12), keepsDedupe: random.next(2) == 0)
                case 1: harness.broker.forgetMessageIDs(of: RelayHarness.stream)
                case 2: try await harness.leaveDeadHole()
                default: break
                }
                try await harness.append(random.next(15) + 1)
                try await harness.streamBeginsAsLedger()
            }
            // The last event shows the relays that the tail is gone, should it have been lost while all was relayed.
            try await harness.append(1)
            try await harness.streamEqualsLedger()
            group.cancelAll()
        }
    }

    @Test("the cursor follows the highest epoch, and within it never goes back")
    func keepsCursorOfHighestEpoch() async throws {
        let harness = try await RelayHarness()
        let connection = try await PostgresConnection.connect(harness.configuration.database)
        let reader = LedgerReader(connection: connection, stream: RelayHarness.stream)
        func cursor(_ position: Int64, epoch: Int32) -> RelayCursor {
            RelayCursor(position: position, sequence: UInt64(position), epoch: epoch)
        }
        func save(_ position: Int64, epoch: Int32) async throws -> RelayCursor? {
            try await reader.save(cursor(position, epoch: epoch))
            return try await reader.cursor()
        }
        #expect(try await save(9, epoch: 0) == cursor(9, epoch: 0))
        #expect(try await save(7, epoch: 0) == cursor(9, epoch: 0), "a relay that was fenced off moved it back")
        #expect(try await save(5, epoch: 1) == cursor(5, epoch: 1), "a rewind did not move it back")
        #expect(try await save(9, epoch: 0) == cursor(5, epoch: 1), "a relay from before the rewind moved it")
        #expect(try await save(6, epoch: 1) == cursor(6, epoch: 1))
        await connection.close()
    }
}
