import CLibPQ
import Synchronization

/// A transaction, valid inside the body of `withTransaction`.
///
/// BEGIN travels with the first statement. Statements given to ``enqueue(_:)`` travel with the next query or with COMMIT,
/// so that a transaction of any number of statements whose results are not needed takes one round trip in all.
/// After a statement has failed the server takes no other (25P02) but the end of the transaction, or of the savepoint.
public final class PostgresTransaction: PostgresExecutor {
    let core: ConnectionCore
    private let state: Mutex<TransactionState>

    init(core: ConnectionCore, isolation: PostgresIsolation, readOnly: Bool) {
        self.core = core
        self.state = Mutex(
            TransactionState(begin: TransactionSQL.begin(isolation, readOnly: readOnly).bind()))
    }

    @discardableResult
    public func query(_ statement: BoundStatement) async throws -> PostgresRows {
        try await send([statement]).first ?? .none
    }

    @discardableResult
    public func pipeline(_ statements: [BoundStatement]) async throws -> [PostgresRows] {
        statements.isEmpty ? [] : try await send(statements)
    }

    /// Adds a statement that is sent before the next query, or with COMMIT. Its error is thrown there.
    public func enqueue(_ statement: BoundStatement) {
        state.withLock { $0.pending.append(statement) }
    }

    /// Adds a statement that is sent after all others, in the same round trip as COMMIT.
    public func enqueueAtCommit(_ statement: BoundStatement) {
        state.withLock { $0.atCommit.append(statement) }
    }

    /// Runs `action` after a successful COMMIT, before `withTransaction` returns. Not at all otherwise.
    public func afterCommit(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.afterCommit.append(action) }
    }

    /// Sends what is enqueued, and waits for its outcome.
    func flush() async throws {
        if state.withLock({ !$0.isBegun || !$0.pending.isEmpty }) { _ = try await send([]) }
    }

    private func send(_ statements: [BoundStatement]) async throws -> [PostgresRows] {
        if Task.isCancelled { throw ConnectionState.cancelledBeforeSending }
        let request = Request()
        do {
            // Filled in the moment in which it takes its place, so that BEGIN is first whoever else sends.
            let results = try await core.run(request) { continuation in
                state.withLock { state in
                    do {
                        guard !state.isEnded else {
                            throw PostgresError(.transactionState, "the transaction has ended")
                        }
                        try state.fill(request, statements)
                        core.enqueue(request, continuation)
                    } catch {
                        continuation.resume(throwing: error)
                    }
                }
            }
            return Array(results.dropFirst(request.leadingSteps))
        } catch let error as PostgresError {
            state.withLock { $0.note(error, of: request) }
            throw error
        }
    }

    // MARK: Savepoints

    /// Runs `body`; when it throws, what it did is taken back, its error is thrown on and the transaction can go on.
    /// - Parameter flushing: whether what `body` has enqueued is sent before this returns, so that its errors are taken
    ///   back too. If not, it travels with what follows, and fails with the whole transaction.
    public func withSavepoint<R>(flushing: Bool = true, _ body: () async throws -> R) async throws -> R {
        let mark = state.withLock { $0.openSavepoint() }
        do {
            let result = try await body()
            try await release(mark, flushing: flushing)
            return result
        } catch {
            await rollBack(to: mark)
            throw error
        }
    }

    private func release(_ mark: TransactionState.Mark, flushing: Bool) async throws {
        try throwIfAborted()
        guard state.withLock({ $0.releaseSavepoint(mark, flushing: flushing) }) else { return }
        _ = try await send([TransactionSQL.release(mark.depth).bind()])
        state.withLock { $0.depth -= 1 }
    }

    private func rollBack(to mark: TransactionState.Mark) async {
        guard state.withLock({ $0.rollBackSavepoint(mark) }), !core.isClosed else { return }
        do {
            _ = try await core.runUncancellable(
                Request(
                    [TransactionSQL.rollback(to: mark.depth), TransactionSQL.release(mark.depth)].map { $0.bind() }))
        } catch {
            // The savepoint itself was never set: the statement that failed stood before it.
            state.withLock { $0.lost = $0.lost ?? error as? PostgresError ?? aborted(because: $0.firstError) }
        }
    }

    // MARK: The end

    func commit() async throws {
        let (isDone, refusal) = state.withLock { state in
            (state.hasNothingToCommit, state.lost ?? state.encodingError)
        }
        do {
            if let refusal { throw refusal }
            if isDone {
                end()
            } else {
                try throwIfAborted()
                try await sendCommit()
            }
        } catch {
            await rollback()
            throw error
        }
        for action in state.withLock({ $0.afterCommit }) { action() }
    }

    private func sendCommit() async throws {
        if Task.isCancelled { throw ConnectionState.cancelledBeforeSending }
        let request = Request()
        do {
            let results = try await core.run(request) { continuation in
                state.withLock { state in
                    do {
                        try state.fill(request, state.atCommit + [TransactionSQL.commit.bind()])
                        state.isEnded = true
                        core.enqueue(request, continuation)
                    } catch {
                        continuation.resume(throwing: error)
                    }
                }
            }
            guard results.last?.result?.commandTag == "COMMIT" else {
                throw aborted(because: state.withLock { $0.firstError })
            }
        } catch let error as PostgresError where error.code == .connection && request.wasSent {
            // If the server told us that it failed on its way to COMMIT, that is certain; silence is not.
            if error.isFatal, request.completedSteps < request.steps.count - 1 { throw error }
            var unknown = PostgresError(
                .commitOutcomeUnknown,
                "the connection broke before COMMIT was answered: the transaction may have been committed or not ("
                    + error.message + ")", sqlState: error.sqlState)
            unknown.statement = TransactionSQL.commit.sql
            throw unknown
        }
    }

    /// Ends the transaction on the server, if it was begun there and is still open. Never fails: a connection on which
    /// that cannot be done is closed, which ends the transaction too.
    func rollback() async {
        end()
        let mustRollBack = core.withState { state in
            state.handle != nil && !(state.isIdle && state.transactionStatus == PQTRANS_IDLE)
        }
        guard mustRollBack, state.withLock({ $0.isBegun }) else { return }
        do {
            _ = try await core.runUncancellable(Request([TransactionSQL.rollback.bind()]))
        } catch {
            core.close(PostgresError(.connection, "the connection was closed because ROLLBACK failed on it"))
        }
    }

    private func end() { state.withLock { $0.isEnded = true } }

    private func throwIfAborted() throws {
        if core.withState({ $0.isIdle && $0.transactionStatus == PQTRANS_INERROR }) {
            throw aborted(because: state.withLock { $0.firstError })
        }
    }

    private func aborted(because cause: PostgresError?) -> PostgresError {
        let reason = cause.map { ": \($0.message)" } ?? ""
        var error = PostgresError(
            .transactionAborted, "the transaction was rolled back because a statement in it had failed" + reason)
        error.sqlState = cause?.sqlState
        error.statement = cause?.statement
        return error
    }
}
