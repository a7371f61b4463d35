public import Outbox
public import Postgres

/// The schema of one service's database.
public struct DatabaseMigration: Sendable {
    public let service: ServiceName
    private let database: PostgresConfiguration

    /// - Parameter database: its statements may take as long as they need: a migration is no request.
    public init(_ service: ServiceName, database: PostgresConfiguration) {
        self.service = service
        var database = database
        database.statementTimeout = nil
        self.database = database
    }

    /// Applies what is missing, and returns it.
    public func up() async throws -> [Migration] {
        try await withConnection { connection in try await Migrator(service.migrations).up(connection) }
    }

    /// Takes the last `steps` migrations back, newest first, and returns them.
    public func down(steps: Int) async throws -> [Migration] {
        try await withConnection { connection in
            try await Migrator(service.migrations).down(connection, steps: steps)
        }
    }

    /// What is applied and what is not.
    public func status() async throws -> [Migrator.Status] {
        try await withConnection { connection in try await Migrator(service.migrations).status(connection) }
    }

    private func withConnection<Result>(
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await PostgresConnection.connect(database)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}
