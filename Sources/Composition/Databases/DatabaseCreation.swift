public import Postgres

/// Creating a service's database: a convenience for development and for roles that may.
public enum DatabaseCreation {
    /// Creates the database that the configuration names, if there is none of that name.
    ///
    /// It connects to the database `postgres` of the same server for that.
    /// - Returns: whether it was created.
    /// - Throws: `PostgresError`: when the connection string names no database, or when the role may not create any.
    public static func createIfMissing(_ configuration: PostgresConfiguration) async throws -> Bool {
        let address = DatabaseAddress(configuration.connectionString)
        guard let name = address.name else {
            throw PostgresError(.configuration, "the connection string names no database that could be created")
        }
        var maintenance = configuration
        maintenance.connectionString = address.database("postgres")
        let connection = try await PostgresConnection.connect(maintenance)
        do {
            let isCreated = try await create(name, on: connection)
            await connection.close()
            return isCreated
        } catch {
            await connection.close()
            throw error
        }
    }

    private static func create(_ name: String, on connection: PostgresConnection) async throws -> Bool {
        let exists = try await connection.query(DatabaseSQL.exists, name).first?.get(0, as: Bool.self) ?? false
        guard !exists, let row = try await connection.query(DatabaseSQL.createStatement, name).first else {
            return false
        }
        do {
            try await connection.runScript(try row.get(0, as: String.self))
            return true
        } catch let error as PostgresError where error.sqlState == "42P04" || error.isUniqueViolation {
            // Another process created it in between.
            return false
        }
    }
}
