public import Logging

/// One session on a server.
///
/// It may be used from several tasks; their statements run one after the other, in the order in which they came.
/// Statements that are run on the connection while a transaction is open on it take part in that transaction.
/// The connection closes when it is released, or with ``close()``.
public final class PostgresConnection: PostgresExecutor {
    let core: ConnectionCore

    private init(core: ConnectionCore) { self.core = core }

    deinit { core.close() }

    /// Opens a connection, or throws ``PostgresError/Code/connection``.
    public static func connect(
        _ configuration: PostgresConfiguration, logger: Logger = Logger(label: "postgres")
    ) async throws -> PostgresConnection {
        let opened = try await Connector.open(configuration)
        return PostgresConnection(
            core: try ConnectionCore(opened, configuration: configuration, logger: logger))
    }

    /// Closes the connection. What is still running on it fails with ``PostgresError/Code/connection``.
    public func close() async { core.close() }

    /// Whether the connection was closed from either side. The server's closing is noticed at once.
    public var isClosed: Bool { core.isClosed }

    /// The number of the server's process, as `pg_stat_activity` shows it.
    public var backendPID: Int32 { core.backendPID }

    /// How many times something was sent and answered since the connection was opened: for tests and diagnosis.
    public var roundTrips: Int { core.withState { $0.roundTrips } }

    @discardableResult
    public func query(_ statement: BoundStatement) async throws -> PostgresRows {
        try await pipeline([statement]).first ?? .none
    }

    @discardableResult
    public func pipeline(_ statements: [BoundStatement]) async throws -> [PostgresRows] {
        if statements.isEmpty { return [] }
        return try await core.run(try Request(statements))
    }

    /// Runs a text of several statements, separated by semicolons and without parameters: for migrations.
    ///
    /// Unless the text has BEGIN and COMMIT of its own, it is one transaction (the simple protocol's rule); a statement
    /// that cannot run inside of one, such as CREATE INDEX CONCURRENTLY, must be alone in its text.
    public func runScript(_ sql: String) async throws {
        _ = try await core.run(Request(kind: .script(sql)))
    }

    /// Makes sure that the server answers.
    func ping() async throws {
        _ = try await core.run(Request())
    }
}
