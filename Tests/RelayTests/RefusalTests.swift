import Foundation
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import ServiceRuntime
import TestSupport
import Testing

/// What a real server refuses in the middle of what is on its way: everything else is stored, once and in order.
@Suite("Refusals in the middle of a window")
struct RefusalTests {
    static let ways: [JetStreamBroker.AtomicBatches] = [.never, .from(2)]

    /// An event that can never be stored, by the reason of it.
    enum Unacceptable: String, CaseIterable {
        case tooLargeForTheStream, tooLargeForTheServer, subjectOfNoStream, subjectOfAnotherStream
    }

    @Test(
        "an event that can never be stored is dead-lettered, and all others flow on", arguments: ways,
        Unacceptable.allCases)
    func deadLetters(batches: JetStreamBroker.AtomicBatches, reason: Unacceptable) async throws {
        let server = try await LocalNATS.start(configuration: "max_payload: 20000")
        let setting = try await RelaySetting.make(batches, on: [server.url]) { $0.maxMessageSize = 10_000 }
        let other = UniqueName.next("other")
        try await setting.context.createStream(StreamConfiguration(name: other, subjects: ["\(other).>"]))
        let culprit =
            switch reason {
            case .tooLargeForTheStream: try setting.event(0, aggregate: "a", size: 12_000)
            case .tooLargeForTheServer: try setting.event(0, aggregate: "a", size: 25_000)
            case .subjectOfNoStream: try setting.event(0, aggregate: "a", kind: "=nobody.v1")
            case .subjectOfAnotherStream: try setting.event(0, aggregate: "a", kind: "=\(other).v1")
            }
        try await setting.append(120)
        try await setting.append([culprit])
        try await setting.append(150)
        try await setting.append([try setting.event(1, aggregate: "b"), culprit])
        try await setting.withRelay { try await setting.streamEqualsLedger() }

        #expect(try await setting.deadPositions() == [121, 273])
        #expect(setting.metrics["outbox_relay_dead_letters_total"] == 2)
        #expect(setting.log.contains("event dead-lettered: no stream takes it", .error))
        let dead = try await setting.pool.query("select event_id::text from dead_letter order by stream_sequence")
        #expect(try dead.first?.get(0, as: String.self) == culprit.id.uuidString.lowercased())
        #expect(try await setting.context.streamInfo(other).state.lastSequence == 0)
        await setting.close()
        await server.stop()
    }

    @Test("a stream that is full is waited for, and loses nothing", arguments: ways)
    func waitsForRoom(batches: JetStreamBroker.AtomicBatches) async throws {
        let setting = try await RelaySetting.make(batches) {
            $0.maxMessages = 130
            $0.discard = .new
        }
        try await setting.append(700)
        try await setting.withRelay {
            try await eventually("the relay says that the stream takes nothing", within: .seconds(30)) {
                setting.log.contains("broker takes nothing, will try again", .warning)
            }
            try await setting.updateStream { $0.maxMessages = -1 }
            try await setting.streamEqualsLedger()
        }
        #expect(try await setting.deadPositions() == [])
        await setting.close()
    }

    @Test("a stream that is deleted under the relay is waited for, and filled again", arguments: ways)
    func waitsForDeletedStream(batches: JetStreamBroker.AtomicBatches) async throws {
        let setting = try await RelaySetting.make(batches)
        try await setting.append(500)
        try await setting.withRelay {
            try await setting.streamEqualsLedger()
            try await setting.context.deleteStream(setting.stream)
            try await setting.append(500)
            try await eventually("the relay says that the broker takes nothing", within: .seconds(30)) {
                setting.log.contains("broker takes nothing, will try again", .warning)
            }
            try await setting.makeStream()
            try await setting.streamEqualsLedger()
        }
        #expect(try await setting.deadPositions() == [])
        #expect(setting.metrics["outbox_relay_rewinds_total"] == 1)
        await setting.close()
    }

    @Test("a server whose JetStream is off is waited for", arguments: ways)
    func waitsForJetStream(batches: JetStreamBroker.AtomicBatches) async throws {
        let server = try await LocalNATS.start()
        let setting = try await RelaySetting.make(batches, on: [server.url])
        try await setting.append(300)
        try await setting.withRelay {
            try await setting.streamEqualsLedger()
            try server.configure(jetStream: nil)
            try await server.restart()
            try await setting.append(300)
            try await eventually("the relay says that the broker takes nothing", within: .seconds(30)) {
                setting.log.contains("broker takes nothing, will try again", .warning)
            }
            try server.configure()
            try await server.restart()
            try await setting.streamEqualsLedger()
        }
        #expect(try await setting.deadPositions() == [])
        await setting.close()
        await server.stop()
    }

    @Test("acknowledgements that come after the time-out leave no duplicate and no hole", arguments: ways)
    func survivesPauses(batches: JetStreamBroker.AtomicBatches) async throws {
        let server = try await LocalNATS.start()
        var setting = try await RelaySetting.make(batches, on: [server.url])
        setting.publishTimeout = .milliseconds(500)
        let running = setting
        try await running.withRelay {
            for round in 0..<4 {
                let before = try await running.context.streamInfo(running.stream).state.lastSequence
                try await running.append(1_500)
                // By the stream, because the relay does not count what was answered too late.
                try await eventually("some of round \(round) is on its way", within: .seconds(30)) {
                    try await running.context.streamInfo(running.stream).state.lastSequence > before
                }
                server.pause()
                // The last round's batches are all sent to a server that stands still.
                try await running.append(200)
                let paused = ContinuousClock.now
                try await eventually("the time-out has passed") { ContinuousClock.now - paused > .seconds(1) }
                server.resume()
            }
            try await running.streamEqualsLedger()
        }
        #expect(try await running.deadPositions() == [])
        await running.close()
        await server.stop()
    }

    @Test("a refused permission is waited for and named, and dead-letters nothing", arguments: ways)
    func waitsForPermission(batches: JetStreamBroker.AtomicBatches) async throws {
        func users(denied: String) -> String {
            """
            no_auth_user: admin
            authorization {
                users: [
                    { user: admin, password: admin }
                    { user: relay, password: relay, permissions: { publish: { allow: ">", deny: "\(denied)" } } }
                ]
            }
            """
        }
        let server = try await LocalNATS.start(configuration: users(denied: "*.secret.v1"))
        let setting = try await RelaySetting.make(batches, on: [server.url], user: "relay:relay@")
        try await setting.append(130)
        try await setting.append([try setting.event(0, aggregate: "a", kind: "secret.v1")])
        try await setting.append(130)
        try await setting.withRelay {
            try await eventually("the relay names the permission", within: .seconds(30)) {
                setting.log.lines.contains {
                    $0.message == "broker takes nothing, will try again"
                        && "\($0.metadata["error"] ?? "")".localizedCaseInsensitiveContains("permissions violation")
                }
            }
            try server.configure(users(denied: "nothing"))
            try await server.reload()
            try await setting.streamEqualsLedger()
        }
        #expect(try await setting.deadPositions() == [])
        await setting.close()
        await server.stop()
    }
}
