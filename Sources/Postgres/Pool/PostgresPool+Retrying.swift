extension PostgresPool {
    /// As ``withTransaction(isolation:readOnly:_:)``, and again from its beginning when the server made it the victim of a
    /// deadlock or of a conflict with others: it was rolled back whole, and a moment later it mostly succeeds.
    ///
    /// For a body that is the whole transaction and does nothing outside of it, because it may run several times. Never
    /// within a transaction of a caller's.
    /// - Parameter attempts: how often it runs at most; the last one's error is thrown.
    public func withRetriedTransaction<R>(
        attempts: Int = 4, isolation: PostgresIsolation = .readCommitted,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        var attempt = 1
        while true {
            do {
                return try await withTransaction(isolation: isolation, body)
            } catch {
                guard attempt < attempts, (error as? PostgresError)?.isConflict == true else { throw error }
            }
            // The other one has to get past what both want; two victims at once must not meet again.
            try await Task.sleep(for: .milliseconds(Int.random(in: 1...20 * attempt)))
            attempt += 1
        }
    }
}

extension PostgresError {
    /// The server chose this transaction to give way to others: a deadlock, or a serialization failure.
    public var isConflict: Bool { isDeadlock || isSerializationFailure }
}
