import Foundation
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import Schema
import ServiceLifecycle
import ServiceRuntime
import TestSupport
import Testing

@testable import enum Outbox.RelayLock

/// Handing over and stopping. That they are quick is measured elsewhere; here, that they happen at all, long before the
/// time-outs that would end them too.
@Suite("Stopping and taking over")
struct StopTests {
    /// Runs a relay in a service group, stops it in order while the body's state lasts, and tells how long that took.
    private func timeToStop(_ setting: RelaySetting, when body: () async throws -> Void) async throws -> Duration {
        var taken = Duration.zero
        try await setting.withConnectedRelay { relay, _ in
            let group = ServiceGroup(configuration: .init(services: [relay], logger: .silent))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await body()
                let start = ContinuousClock.now
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                taken = ContinuousClock.now - start
            }
        }
        return taken
    }

    @Test("a stop waits for what is in flight and writes the cursor")
    func stopsInFlight() async throws {
        var setting = try await RelaySetting.make(.never)
        // The stop ends when nothing is in flight any more, not because the time is over.
        setting.configuration.stopGrace = .seconds(60)
        setting.publishTimeout = .seconds(60)
        try await setting.append(5_000)
        let running = setting
        _ = try await timeToStop(running) {
            try await eventually("some are relayed", within: .seconds(30)) {
                running.metrics["outbox_relayed_total"] > 0
            }
        }
        let row = try #require(try await setting.pool.query("select stream_sequence from outbox_cursor").first)
        let stored = try await setting.context.streamInfo(setting.stream).state.lastSequence
        #expect(try row.get(0, as: Int64.self) == Int64(stored))
        await setting.close()
    }

    @Test("a stop does not wait for a broker that stands still with a batch in flight")
    func stopsWithBrokerPaused() async throws {
        let server = try await LocalNATS.start()
        var setting = try await RelaySetting.make(.never, on: [server.url])
        setting.publishTimeout = .seconds(600)
        // A connection that is found lost would end the wait, too.
        setting.nats.pingInterval = .seconds(600)
        let running = setting
        let taken = try await timeToStop(running) {
            try await running.append(50)
            try await running.streamEqualsLedger()
            server.pause()
            try await running.append(50)
            try await eventually("the batch was handed over", within: .seconds(30)) {
                try await running.pool.query(
                    "select from pg_stat_activity where application_name = 'relay' and query like '%from outbox%'"
                ).count > 0
            }
        }
        #expect(taken < .seconds(120), "the stop waited for the broker's answer")
        server.resume()
        try await running.withRelay { try await running.streamEqualsLedger() }
        await running.close()
        await server.stop()
    }

    @Test("a stop does not wait for a broker that is away")
    func stopsWithBrokerAway() async throws {
        let server = try await LocalNATS.start()
        let setting = try await RelaySetting.make(.never, on: [server.url])
        _ = try await timeToStop(setting) {
            try await setting.append(50)
            try await setting.streamEqualsLedger()
            await server.kill()
            try await setting.append(50)
            try await eventually("the relay has noticed", within: .seconds(30)) {
                setting.log.contains("broker takes nothing, will try again", .warning)
            }
        }
        await setting.close()
        await server.stop()
    }

    @Test("a stop does not wait for a database that is away")
    func stopsWithDatabaseAway() async throws {
        let postgres = try await LocalPostgres.start(settings: ["fsync": "off"])
        let database = try await TestDatabase.make(SchemaCatalog.outbox, on: postgres)
        let setting = try await RelaySetting.make(.never, database: database)
        _ = try await timeToStop(setting) {
            try await setting.append(50)
            try await setting.streamEqualsLedger()
            await postgres.kill()
            try await eventually("the relay has noticed", within: .seconds(30)) {
                setting.log.contains("relay interrupted, will go on", .warning)
            }
        }
        await setting.close()
        await postgres.stop()
    }

    @Test("the lock of a leader whose host vanished is given up within seconds")
    func lockSessionIsProbed() async throws {
        let database = try await TestDatabase.make()
        let connection = try await PostgresConnection.connect(
            RelayLock.lockSession(database.configuration(applicationName: "relay")))
        // The values that the server's kernel works with, in seconds and milliseconds.
        let row = try await connection.query(
            """
            select current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_count')::int
                   * current_setting('tcp_keepalives_interval')::int,
                   current_setting('tcp_user_timeout')
            """
        ).first
        #expect(try row?.get(0, as: Int32.self) == 5)
        #expect(try row?.get(1, as: String.self) == "5000")
        await connection.close()
    }
}
