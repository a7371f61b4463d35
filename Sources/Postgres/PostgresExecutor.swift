/// Something that runs statements: a pool (each call on a connection of its own), a connection, or a transaction.
public protocol PostgresExecutor: Sendable {
    /// Runs one statement and returns its rows.
    @discardableResult
    func query(_ statement: BoundStatement) async throws -> PostgresRows

    /// Runs several statements in one round trip and returns the rows of each.
    ///
    /// Outside of a transaction a pipeline is one of its own: all statements take effect or, when one fails, none.
    /// The error is that of the first statement that failed and carries its ``PostgresError/pipelineIndex``.
    @discardableResult
    func pipeline(_ statements: [BoundStatement]) async throws -> [PostgresRows]
}

extension PostgresExecutor {
    /// Runs one statement with the given values for `$1`, `$2` …
    @discardableResult
    public func query(_ statement: Statement, _ values: (any PostgresEncodable)?...) async throws -> PostgresRows {
        try await query(BoundStatement(statement: statement, values: values))
    }

    /// Runs one statement and returns how many rows it inserted, updated, deleted or selected.
    @discardableResult
    public func execute(_ statement: BoundStatement) async throws -> Int {
        try await query(statement).affectedRows
    }

    /// Runs one statement and returns how many rows it inserted, updated, deleted or selected.
    @discardableResult
    public func execute(_ statement: Statement, _ values: (any PostgresEncodable)?...) async throws -> Int {
        try await query(BoundStatement(statement: statement, values: values)).affectedRows
    }
}
