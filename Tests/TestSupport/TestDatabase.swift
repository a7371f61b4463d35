import Foundation
public import LocalServers
public import Logging
public import Outbox
public import Postgres

/// A fresh database for one test, on the shared server or on a test's own.
public struct TestDatabase: Sendable {
    public let name: String
    /// The superuser's connection string.
    public let url: String

    /// A database that is there already.
    public init(name: String, url: String) {
        self.name = name
        self.url = url
    }

    /// Makes a database. The first one of a set of migrations migrates a template; the others are copies of it.
    /// - Parameters:
    ///   - migrations: applied in this order; none for an empty database.
    ///   - server: nil for the process's shared server.
    public static func make(_ migrations: [Migration] = [], on server: LocalPostgres? = nil) async throws
        -> TestDatabase
    {
        let postgres: LocalPostgres
        if let server { postgres = server } else { postgres = try await TestServers.postgres() }
        let template = migrations.isEmpty ? nil : try await templates.template(for: migrations, on: postgres)
        let name = UniqueName.next("test")
        try await postgres.createDatabase(name, template: template)
        return TestDatabase(name: name, url: postgres.connectionString(database: name))
    }

    /// For the test's own connections, with time enough.
    /// - Parameter applicationName: nil for the database's name.
    public func configuration(applicationName: String? = nil) -> PostgresConfiguration {
        .patient(url, applicationName: applicationName ?? name)
    }

    /// A pool on the database; the test closes it.
    public func pool(size: Int = 10, logger: Logger = .test) -> PostgresPool {
        PostgresPool(configuration(), size: size, acquireTimeout: .seconds(120), logger: logger)
    }

    private static let templates = Templates()
}

/// The template databases of the process: one for each server and set of migrations.
private actor Templates {
    private struct Key: Hashable {
        struct Step: Hashable {
            var line: String
            var version: Int
            var up: String
        }

        var server: Int
        var steps: [Step]
    }

    private var made: [Key: Task<String, any Error>] = [:]

    func template(for migrations: [Migration], on server: LocalPostgres) async throws -> String {
        let key = Key(
            server: server.port, steps: migrations.map { .init(line: $0.line, version: $0.version, up: $0.up) })
        if let task = made[key] { return try await task.value }
        // A task of its own: the end of the test that asked first must not cancel it for the others.
        let task = Task {
            let name = UniqueName.next("template")
            try await server.createDatabase(name)
            let connection = try await PostgresConnection.connect(.patient(server.connectionString(database: name)))
            do {
                try await Migrator(migrations).up(connection)
                await connection.close()
            } catch {
                await connection.close()
                throw error
            }
            return name
        }
        made[key] = task
        do {
            return try await task.value
        } catch {
            // The next test tries again.
            made[key] = nil
            throw error
        }
    }
}

extension Logger {
    /// For tests: warnings and worse go to the terminal, or more with `TEST_LOG_LEVEL=debug`.
    public static var test: Logger {
        var logger = Logger(label: "test")
        logger.logLevel =
            ProcessInfo.processInfo.environment["TEST_LOG_LEVEL"].flatMap { Logger.Level($0) } ?? .warning
        return logger
    }
}
