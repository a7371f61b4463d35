import Foundation
public import LocalServers

/// One private Postgres and one private nats-server for each test process, started on first use. They are real, as
/// durable as in production, and end with the process. A test that stops, kills or pauses a server starts its own.
///
/// `TEST_FSYNC=off` makes Postgres faster on slow disks; what tests see stays the same, short of a power failure.
public enum TestServers {
    private static let servers = SharedServers()

    /// The shared Postgres. Take databases from ``TestDatabase``.
    public static func postgres() async throws -> LocalPostgres {
        try await servers.postgres()
    }

    /// The shared nats-server. Streams are shared by all tests: name them uniquely (``UniqueName``).
    public static func nats() async throws -> LocalNATS {
        try await servers.nats()
    }
}

/// Starts each server once, whoever asks first.
private actor SharedServers {
    // Tasks of their own, so that the end of the test that happened to ask first does not cancel the start for others.
    private var startingPostgres: Task<LocalPostgres, any Error>?
    private var startingNATS: Task<LocalNATS, any Error>?

    func postgres() async throws -> LocalPostgres {
        if let startingPostgres { return try await startingPostgres.value }
        let fsync = ProcessInfo.processInfo.environment["TEST_FSYNC"] ?? "on"
        let start = Task {
            // All tests of the process run side by side, each with pools of its own.
            try await LocalPostgres.start(settings: ["max_connections": "500", "fsync": fsync])
        }
        startingPostgres = start
        do {
            return try await start.value
        } catch {
            // The next test tries again.
            startingPostgres = nil
            throw error
        }
    }

    func nats() async throws -> LocalNATS {
        if let startingNATS { return try await startingNATS.value }
        let start = Task { try await LocalNATS.start() }
        startingNATS = start
        do {
            return try await start.value
        } catch {
            startingNATS = nil
            throw error
        }
    }
}
