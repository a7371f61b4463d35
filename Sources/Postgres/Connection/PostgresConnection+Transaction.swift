extension PostgresConnection {
    /// Runs `body` in a transaction: COMMIT when it returns, ROLLBACK when it throws; its error is then thrown on
    /// unchanged.
    ///
    /// BEGIN is sent with the first statement, and nothing at all if there is none. When COMMIT itself fails, nothing was
    /// kept and its error is thrown, with one exception: if the connection broke before COMMIT was answered, the error's
    /// code is ``PostgresError/Code/commitOutcomeUnknown``.
    public func withTransaction<R>(
        isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let isFree = core.withState { state in
            defer { state.isInTransactionScope = true }
            return !state.isInTransactionScope
        }
        guard isFree else {
            throw PostgresError(.transactionState, "a transaction is open on this connection; use withSavepoint")
        }
        defer { core.withState { $0.isInTransactionScope = false } }
        let transaction = PostgresTransaction(core: core, isolation: isolation, readOnly: readOnly)
        let result: R
        do {
            result = try await body(transaction)
        } catch {
            await transaction.rollback()
            throw error
        }
        try await transaction.commit()
        return result
    }
}

/// How much of what other transactions do shows in this one
/// (https://www.postgresql.org/docs/current/transaction-iso.html).
public enum PostgresIsolation: Sendable, Hashable {
    /// Each statement sees what was committed when it began.
    case readCommitted
    /// All statements see what was committed when the first began; a conflicting change fails with 40001.
    case repeatableRead
    /// As if transactions ran one after the other; those for which that cannot be done fail with 40001.
    case serializable
}
