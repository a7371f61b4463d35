import Foundation
import LocalServers
import Logging
@testable import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct SessionTests {
    @Test func anAdvisoryLockIsHeldByOneSessionAtATime() async throws {
        try await withPool(size: 2) { pool in
            try await pool.withConnection { one in
                try await pool.withConnection { two in
                    let first = try await one.tryAdvisoryLock(1)
                    #expect(first)
                    let refused = try await two.tryAdvisoryLock(1)
                    #expect(!refused)
                    let other = try await two.tryAdvisoryLock(2)
                    #expect(other)
                    let waiting = Task { try await two.advisoryLock(1) }
                    try await eventually("the second session waits") {
                        try await one.value(
                            "select count(*) from pg_locks where locktype = 'advisory' and not granted and pid = $1",
                            two.backendPID, as: Int.self) == 1
                    }
                    try await one.advisoryUnlock(1)
                    try await waiting.value
                    try await two.advisoryUnlock(1)
                    try await two.advisoryUnlock(2)
                    let error = await #expect(throws: PostgresError.self) { try await one.advisoryUnlock(1) }
                    #expect(error?.code == .transactionState)
                }
            }
        }
    }

    @Test func settingsAndNameReachTheSession() async throws {
        try await withDatabase({
            $0.applicationName = "the tests"
            $0.settings = ["search_path": "pg_catalog, public", "my.note": #"a b\c 'd'"#]
            $0.statementTimeout = .seconds(7)
            $0.lockTimeout = .microseconds(1)
        }) { connection in
            let show: Statement = "select current_setting($1)"
            for (name, value) in [
                ("application_name", "the tests"), ("search_path", "pg_catalog, public"), ("my.note", #"a b\c 'd'"#),
                ("statement_timeout", "7s"), ("lock_timeout", "1ms"), ("client_encoding", "UTF8"),
            ] {
                let setting = try await connection.value(show, name, as: String.self)
                #expect(setting == value)
            }
        }
    }

    @Test func optionsOfTheConnectionStringAreKept() async throws {
        let database = try await TestDatabase.make()
        var configuration = PostgresConfiguration.patient(
            database.url + "?application_name=given&options=-c%20work_mem%3D1MB")
        configuration.statementTimeout = .seconds(3)
        let connection = try await PostgresConnection.connect(configuration)
        let row = try await connection.query(
            "select current_setting('application_name'), current_setting('work_mem'), current_setting('statement_timeout')"
        )
        let (name, memory, timeout) = try #require(try row.decode(String.self, String.self, String.self).first)
        #expect(name == "given" && memory == "1MB" && timeout == "3s")
        await connection.close()
    }

    @Test func aLargeResultIsReadWhole() async throws {
        try await withDatabase { connection in
            let rows = try await connection.query(
                "select n, 'row ' || n, n % 2 = 0 from generate_series(1, 100000) n")
            #expect(rows.count == 100_000)
            var sum = 0
            for row in rows { sum += try row.get(0, as: Int.self) }
            #expect(sum == 5_000_050_000)
            let (number, text, isEven) = try #require(rows.last).decode(Int.self, String.self, Bool.self)
            #expect(number == 100_000 && text == "row 100000" && isEven)
        }
    }

    @Test func aValueOfTenMegabytesTravelsBothWays() async throws {
        try await withDatabase { connection in
            var bytes = [UInt8](repeating: 0, count: 10_000_000)
            for index in stride(from: 0, to: bytes.count, by: 997) { bytes[index] = UInt8(index % 251) }
            let back = try await connection.value("select $1", bytes, as: [UInt8].self)
            #expect(back == bytes)
            let text = String(repeating: "añ", count: 3_500_000)
            let same = try await connection.value("select $1::text", text, as: String.self)
            #expect(same == text)
        }
    }

    @Test func noticesGoToTheLogger() async throws {
        let database = try await TestDatabase.make()
        let log = LogRecorder()
        var logger = Logger(label: "notices") { _ in log }
        logger.logLevel = .debug
        let connection = try await PostgresConnection.connect(database.configuration(), logger: logger)
        try await connection.query("do $$ begin raise notice 'one line of %', 'news'; end $$")
        #expect(log.entries.contains { $0.contains("one line of news") })
        await connection.close()
    }

    @Test func notificationsThatNobodyAskedForAreDropped() async throws {
        try await withDatabase { connection in
            try await connection.query("listen news")
            for _ in 0..<100 { try await connection.query("select pg_notify('news', 'x')") }
            let value = try await connection.value("select 1", as: Int.self)
            #expect(value == 1)
        }
    }

    @Test func aClosedConnectionSaysSo() async throws {
        try await withDatabase { connection in
            await connection.close()
            #expect(connection.isClosed)
            let error = await #expect(throws: PostgresError.self) { try await connection.query("select 1") }
            #expect(error?.code == .connection)
        }
    }

    @Test func aReleasedConnectionIsClosedOnTheServer() async throws {
        try await withPool { pool in
            let database = try await pool.value("select current_database()::text", as: String.self)
            let url = try await TestServers.postgres().connectionString(database: database)
            var connection: PostgresConnection? = try await PostgresConnection.connect(.patient(url))
            let pid = try #require(connection?.backendPID)
            connection = nil
            try await eventually("the session has ended") {
                try await pool.value("select count(*) from pg_stat_activity where pid = $1", pid, as: Int.self) == 0
            }
        }
    }

    @Test func connectingCanBeCancelled() async throws {
        // An address of a network for documentation (RFC 5737): nobody answers.
        let task = Task {
            _ = try await PostgresConnection.connect(.patient("postgresql://192.0.2.1/x"))
        }
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: PostgresError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(60))
    }
}

/// Keeps log lines for a test to look at.
final class LogRecorder: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    var entries: [String] { lines.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
