import Foundation
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import Schema
import ServiceRuntime
import TestSupport
import Testing

/// Postgres restarts, crashes, or hands over to a standby: the relay goes on from the stream's tail.
@Suite("Loss of the database")
struct DatabaseLossTests {
    static let ways: [JetStreamBroker.AtomicBatches] = [.never, .from(2)]

    /// Appends events one by one beside the body, through whatever happens to the database.
    /// - Returns: the ids of the events whose commit was acknowledged.
    private func writing(
        to setting: RelaySetting, during body: () async throws -> Void
    ) async throws -> Set<String> {
        let isOver = Flag()
        return try await withThrowingTaskGroup(of: Set<String>.self) { group in
            group.addTask {
                var acknowledged: Set<String> = []
                var number = 0
                while !isOver.isRaised {
                    number += 1
                    let event = try setting.event(number, aggregate: "a\(number % 10)")
                    if (try? await setting.append([event])) != nil {
                        acknowledged.insert(event.id.uuidString.lowercased())
                    }
                }
                return acknowledged
            }
            // Also when the body throws: the group waits for the task.
            defer { isOver.raise() }
            try await body()
            isOver.raise()
            return try await group.next() ?? []
        }
    }

    /// The ids of the ledger's events.
    private func ledger(_ setting: RelaySetting) async throws -> Set<String> {
        Set(try await setting.pool.query("select event_id::text from outbox").map { try $0.get(0) })
    }

    @Test("a Postgres that restarts or crashes under load loses and doubles nothing", arguments: ways)
    func restarts(batches: JetStreamBroker.AtomicBatches) async throws {
        let postgres = try await LocalPostgres.start()
        let database = try await TestDatabase.make(SchemaCatalog.outbox, on: postgres)
        let setting = try await RelaySetting.make(batches, database: database)
        try await setting.withRelay {
            let acknowledged = try await writing(to: setting) {
                for isCrash in [false, true, true] {
                    let before = setting.metrics["outbox_relayed_total"]
                    try await eventually("events flow", within: .seconds(60)) {
                        setting.metrics["outbox_relayed_total"] > before + 100
                    }
                    if isCrash { await postgres.kill() }
                    try await postgres.restart()
                }
                let before = setting.metrics["outbox_relayed_total"]
                try await eventually("events flow again", within: .seconds(60)) {
                    setting.metrics["outbox_relayed_total"] > before + 100
                }
            }
            try await setting.streamEqualsLedger()
            #expect(acknowledged.subtracting(try await ledger(setting)) == [])
        }
        #expect(setting.metrics["outbox_relay_rewinds_total"] == 0)
        await setting.close()
        await postgres.stop()
    }

    @Test("a standby that is promoted with everything goes on where the primary ended")
    func failsOver() async throws {
        let pair = try await ReplicatedPair.make(isSynchronous: true)
        let setting = try await RelaySetting.make(.never, database: pair.database)
        try await setting.withRelay {
            let acknowledged = try await writing(to: setting) {
                try await eventually("events flow", within: .seconds(60)) {
                    setting.metrics["outbox_relayed_total"] > 200
                }
                await pair.primary.kill()
                try await pair.standby.promote()
                let before = setting.metrics["outbox_relayed_total"]
                try await eventually("events flow again", within: .seconds(60)) {
                    setting.metrics["outbox_relayed_total"] > before + 200
                }
            }
            try await setting.streamEqualsLedger()
            #expect(acknowledged.subtracting(try await ledger(setting)) == [], "the synchronous standby lacks an event")
        }
        #expect(setting.metrics["outbox_relay_ledger_losses_total"] == 0)
        await setting.close()
        await pair.stop()
    }

    /// How many events the standby misses: within what its sequence is ahead, and far beyond.
    @Test("a standby that is promoted without the last events loses none of its new ones", arguments: [10, 300])
    func failsOverWithLoss(missing: Int) async throws {
        let pair = try await ReplicatedPair.make(isSynchronous: false)
        let setting = try await RelaySetting.make(.from(2), database: pair.database)
        try await setting.withRelay {
            try await setting.append(500)
            try await setting.streamEqualsLedger()
            try await pair.untilReplicated(setting)
            try await pair.standby.stopReplication()
            // The stream is told of these, the standby is not.
            try await setting.append(missing)
            try await setting.streamEqualsLedger()
        }
        await pair.primary.kill()
        try await pair.standby.promote()
        // New events take positions that the stream has already, before a relay looks.
        try await eventually("the new primary takes writes", within: .seconds(60)) {
            try await setting.append(200)
            return true
        }
        try await setting.withRelay {
            try await setting.append(300)
            try await setting.untilEachEventIsStored()
        }
        #expect(setting.metrics["outbox_relay_ledger_losses_total"] == 1)
        #expect(setting.log.lines.contains { $0.level == .critical && $0.message.contains("ledger lost") })

        // The next relay finds nothing amiss, and copies nothing again.
        let length = try await setting.context.streamInfo(setting.stream).state.lastSequence
        try await setting.withRelay {
            try await setting.append(20)
            try await setting.untilEachEventIsStored()
        }
        #expect(setting.metrics["outbox_relay_ledger_losses_total"] == 1)
        #expect(try await setting.context.streamInfo(setting.stream).state.lastSequence == length + 20)
        await setting.close()
        await pair.stop()
    }

    @Test("a database that is made anew beside an old stream gets its first events there too")
    func emptyDatabase() async throws {
        let old = try await RelaySetting.make(.never)
        try await old.append(100)
        try await old.withRelay { try await old.streamEqualsLedger() }
        let anew = try await RelaySetting.make(.never, stream: old.stream)
        try await anew.append(60)
        try await anew.withRelay { try await anew.untilEachEventIsStored() }
        #expect(anew.metrics["outbox_relay_ledger_losses_total"] == 1)
        #expect(try await anew.context.streamInfo(anew.stream).state.lastSequence == 160)
        await old.close()
        await anew.close()
    }
}
