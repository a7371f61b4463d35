import Foundation
import LocalServers
import Postgres
import TestSupport
import Testing

@testable import Outbox

/// Holes around the death of Postgres itself. One test at a time, because each takes the server down for all.
@Suite("Gap rule: Postgres dies", .serialized)
struct GapServerCrashTests {
    private static let server = Task { try await LocalPostgres.start(settings: ["fsync": "off"]) }

    /// How Postgres comes to begin anew.
    enum Crash: CaseIterable {
        /// The writer's backend is killed: Postgres ends all sessions, and recovers.
        case backendKilled
        /// All of Postgres is killed, and started again.
        case serverKilled
    }

    @Test("a writer that dies with Postgres leaves a hole that the relay passes by itself", arguments: Crash.allCases)
    func passesHoleOfCrash(crash: Crash) async throws {
        let server = try await Self.server.value
        let harness = try await RelayHarness(on: server)
        let steps = StepLog()
        try await harness.withRelay(observedBy: { try await steps.passed($0) }) {
            try await harness.withSessions { early, late in
                try await early.begin()
                try await early.append("gone")
                try await late.append("late")
                try await eventually("the holder is noted", within: .seconds(30)) { steps.count(.holdersAsked) == 1 }
                #expect(harness.streamPositions.isEmpty)
                switch crash {
                case .backendKilled: kill(try await early.processID, SIGKILL)
                case .serverKilled:
                    await server.kill()
                    try await server.restart()
                }
                try await Self.untilUp(server)
                try await eventually("the relay goes on", within: .seconds(30)) { harness.streamPositions == [2] }
            }
            // The sequence was written ahead, so that it goes on behind a jump that nobody ever fills.
            let again = try await harness.session()
            let position = try await again.append("again")
            #expect((4...35).contains(position))
            try await again.append("again", 2)
            await again.connection.close()
            try await eventually("the jump is passed") { harness.streamPositions == [2, position, position + 1] }
        }
        await harness.pool.close(patience: .zero)
    }

    @Test("a prepared transaction is waited for across a restart of Postgres", arguments: [true, false])
    func waitsForPreparedAcrossRestart(isCommitted: Bool) async throws {
        let server = try await Self.server.value
        let harness = try await RelayHarness(on: server)
        let name = harness.database.name
        let steps = StepLog()
        try await harness.withRelay(observedBy: { try await steps.passed($0) }) {
            try await harness.withSessions { early, late in
                try await early.begin()
                try await early.append("prepared")
                try await early.run("prepare transaction '\(name)'")
                try await late.append("late")
                try await eventually("the holder is noted", within: .seconds(30)) { steps.count(.holdersAsked) == 1 }
            }
            try await server.restart()
            try await eventually("the relay asks anew", within: .seconds(60)) { steps.count(.holdersAsked) >= 2 }
            try await steps.rounds()
            #expect(harness.streamPositions.isEmpty)
            let operatorsSession = try await harness.session()
            try await operatorsSession.run("\(isCommitted ? "commit" : "rollback") prepared '\(name)'")
            await operatorsSession.connection.close()
            try await eventually("the relay goes on", within: .seconds(30)) {
                harness.streamPositions == (isCommitted ? [1, 2] : [2])
            }
        }
        await harness.pool.close(patience: .zero)
    }

    private static func untilUp(_ server: LocalPostgres) async throws {
        try await eventually("Postgres answers", within: .seconds(60)) {
            let connection = try await PostgresConnection.connect(
                .patient(server.connectionString(database: "postgres")))
            await connection.close()
            return true
        }
    }
}
