extension PostgresTransaction {
    /// Loads rows by COPY as a part of this transaction; see ``PostgresConnection/copyIn(_:rows:)``.
    @discardableResult
    public func copyIn(
        _ statement: Statement, rows: some Sequence<[(any PostgresEncodable)?]>
    ) async throws -> Int {
        try await flush()
        var iterator = rows.makeIterator()
        return try await core.copy(statement.sql) { iterator.next() }
    }
}
