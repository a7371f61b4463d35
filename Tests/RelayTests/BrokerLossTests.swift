import Foundation
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

/// The broker loses what it had acknowledged: the relay copies it again from the ledger and says so, and a consumer
/// neither misses nor applies anything twice.
@Suite("Loss at the broker")
struct BrokerLossTests {
    static let ways: [JetStreamBroker.AtomicBatches] = [.never, .from(2)]

    @Test("a server killed and put back to an earlier state is filled again", arguments: ways)
    func storeCutBack(batches: JetStreamBroker.AtomicBatches) async throws {
        let server = try await LocalNATS.start()
        let setting = try await RelaySetting.make(batches, on: [server.url])
        let consumer = try await EffectConsumer(of: setting)
        let copy = server.directory.appendingPathComponent("earlier")
        try await consumer.consume(setting) {
            try await setting.withRelay {
                try await setting.append(400)
                try await setting.streamEqualsLedger()
                await server.kill()
                try FileManager.default.copyItem(at: server.store, to: copy)
                try await server.restart()

                try await setting.append(700)
                try await setting.streamEqualsLedger()
                await server.kill()
                // While the broker is away, more is written.
                try await setting.append(100)
                try FileManager.default.removeItem(at: server.store)
                try FileManager.default.moveItem(at: copy, to: server.store)
                try await server.restart()

                try await setting.streamEqualsLedger()
                try await consumer.untilEachHasItsEffect(setting)
            }
        }
        #expect(setting.metrics["outbox_relay_rewinds_total"] >= 1)
        #expect(setting.log.lines.contains { $0.level == .error && $0.message.contains("from the ledger") })
        #expect(try await setting.deadPositions() == [])
        await consumer.pool.close()
        await setting.close()
        await server.stop()
    }

    @Test("a stream that is deleted and made anew is filled again", arguments: ways)
    func streamMadeAnew(batches: JetStreamBroker.AtomicBatches) async throws {
        let setting = try await RelaySetting.make(batches)
        let consumer = try await EffectConsumer(of: setting)
        try await consumer.consume(setting) {
            try await setting.withRelay {
                try await setting.append(600)
                try await setting.streamEqualsLedger()
                try await consumer.untilEachHasItsEffect(setting)
                try await setting.context.deleteStream(setting.stream)
                try await setting.makeStream()
                try await consumer.create(on: setting)
                try await setting.append(200)
                try await setting.streamEqualsLedger()
                try await consumer.untilEachHasItsEffect(setting)
            }
        }
        #expect(setting.metrics["outbox_relay_rewinds_total"] >= 1)
        #expect(try await setting.deadPositions() == [])
        await consumer.pool.close()
        await setting.close()
    }

    @Test("a stream that is purged, as a whole or in part, is filled again", arguments: ways, [nil, 250] as [UInt64?])
    func streamPurged(batches: JetStreamBroker.AtomicBatches, upTo: UInt64?) async throws {
        var setting = try await RelaySetting.make(batches)
        setting.configuration.streamPoll = .milliseconds(50)
        let consumer = try await EffectConsumer(of: setting)
        try await consumer.consume(setting) {
            try await setting.withRelay {
                try await setting.append(600)
                try await setting.streamEqualsLedger()
                try await consumer.untilEachHasItsEffect(setting)
                _ = try await setting.context.purgeStream(setting.stream, upTo: upTo)
                try await setting.append(50)
                try await eventually("everything stands behind what was left", within: .seconds(20)) {
                    try await setting.streamPositions().suffix(650) == setting.ledgerPositions()
                }
                try await consumer.untilEachHasItsEffect(setting)
            }
        }
        #expect(setting.metrics["outbox_relay_refills_total"] == 1)
        #expect(setting.log.contains("stream was purged, copying it again from the ledger", .error))
        #expect(try await setting.deadPositions() == [])
        await consumer.pool.close()
        await setting.close()
    }

    @Test("what ages out of a stream does not come again")
    func agedOut() async throws {
        var setting = try await RelaySetting.make(.never) { $0.maxAge = .seconds(1) }
        setting.configuration.streamPoll = .milliseconds(20)
        try await setting.withRelay {
            try await setting.append(100)
            try await eventually("all have aged out, and the relay has seen it", within: .seconds(30)) {
                let state = try await setting.context.streamInfo(setting.stream).state
                let seen = try await setting.pool.query("select first_sequence from outbox_cursor").first?
                    .get(0, as: Int64.self)
                return state.messages == 0 && state.lastSequence == 100 && seen == 101
            }
            try await setting.append(1)
            try await eventually("the next event is stored", within: .seconds(30)) {
                try await setting.context.streamInfo(setting.stream).state.lastSequence == 101
            }
        }
        #expect(setting.metrics["outbox_relay_refills_total"] == 0)
        await setting.close()
    }

    @Test("a stream that is deleted and made anew while there is nothing to relay is filled again")
    func streamMadeAnewWhileIdle() async throws {
        var setting = try await RelaySetting.make(.from(2))
        setting.configuration.streamPoll = .milliseconds(50)
        try await setting.withRelay {
            try await setting.append(100)
            try await setting.streamEqualsLedger()
            try await setting.context.deleteStream(setting.stream)
            try await setting.makeStream()
            try await setting.streamEqualsLedger()
        }
        #expect(setting.metrics["outbox_relay_rewinds_total"] >= 1)
        await setting.close()
    }

    @Test("a server killed again and again under load loses and doubles nothing", arguments: ways)
    func killedUnderLoad(batches: JetStreamBroker.AtomicBatches) async throws {
        let server = try await LocalNATS.start()
        let setting = try await RelaySetting.make(batches, on: [server.url])
        let consumer = try await EffectConsumer(of: setting)
        try await consumer.consume(setting) {
            try await setting.withRelay {
                for _ in 0..<5 {
                    let before = setting.metrics["outbox_relayed_total"]
                    try await setting.append(1_000)
                    try await eventually("some of it is on its way", within: .seconds(30)) {
                        setting.metrics["outbox_relayed_total"] > before
                    }
                    await server.kill()
                    try await server.restart()
                }
                try await setting.streamEqualsLedger()
                try await consumer.untilEachHasItsEffect(setting)
            }
        }
        #expect(try await setting.deadPositions() == [])
        await consumer.pool.close()
        await setting.close()
        await server.stop()
    }
}
