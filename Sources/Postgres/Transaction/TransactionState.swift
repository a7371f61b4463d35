/// What a transaction has sent and has still to send. Decides; ``PostgresTransaction`` acts.
struct TransactionState {
    /// Where a savepoint stood when it was opened.
    struct Mark {
        let depth: Int
        let flush: Int
        let pending: Int
        let atCommit: Int
        let afterCommit: Int
        let encodingError: PostgresError?
        let firstError: PostgresError?
    }

    let begin: BoundStatement
    var isBegun = false
    var isEnded = false
    /// Enqueued statements that no request has taken along yet.
    var pending: [BoundStatement] = []
    var atCommit: [BoundStatement] = []
    var afterCommit: [@Sendable () -> Void] = []
    var depth = 0
    /// How many requests have taken pending statements along.
    var flush = 0
    /// An enqueued statement that cannot be sent: everything from then on fails with it.
    var encodingError: PostgresError?
    /// Enqueued statements were lost unsent: nothing can be done in this transaction but to roll it back.
    var lost: PostgresError?
    /// The first error, for the message of a later refusal.
    var firstError: PostgresError?

    init(begin: BoundStatement) { self.begin = begin }

    var hasNothingToCommit: Bool { !isBegun && pending.isEmpty && atCommit.isEmpty }

    /// Fills a request with all that has to go before `statements`, and with those. When one of `statements` itself
    /// cannot be encoded, nothing has changed.
    mutating func fill(_ request: Request, _ statements: [BoundStatement]) throws {
        if let error = lost ?? encodingError { throw error }
        request.leadingSteps = (isBegun ? 0 : 1) + pending.count
        request.reserveSteps(request.leadingSteps + statements.count)
        do {
            if !isBegun { try request.append(begin) }
            for statement in pending { try request.append(statement) }
        } catch let error as PostgresError {
            encodingError = error
            throw error
        }
        for statement in statements { try request.append(statement) }
        request.mustBeSent = !isBegun
        isBegun = true
        pending = []
        flush += 1
    }

    mutating func note(_ error: PostgresError, of request: Request) {
        if firstError == nil { firstError = error }
        if !request.wasSent, request.leadingSteps > 0, request.phase == .finished { lost = error }
    }

    // MARK: Savepoints

    mutating func openSavepoint() -> Mark {
        depth += 1
        let mark = Mark(
            depth: depth, flush: flush, pending: pending.count, atCommit: atCommit.count,
            afterCommit: afterCommit.count, encodingError: encodingError, firstError: firstError)
        pending.append(TransactionSQL.savepoint(depth).bind())
        return mark
    }

    /// Ends a savepoint; returns whether its statements have to be sent now, so that their errors are still its own.
    mutating func releaseSavepoint(_ mark: Mark, flushing: Bool) -> Bool {
        let isUnsent = mark.flush == flush
        if isUnsent, !flushing || pending.count == mark.pending + 1 {
            // Nothing stands behind it whose error could be its own.
            pending.remove(at: mark.pending)
            depth -= 1
            return false
        }
        if flushing, isUnsent || !pending.isEmpty || encodingError != nil { return true }
        // Behind what may still fail its name is not used again: it could stand for this savepoint, never released.
        if pending.isEmpty { depth -= 1 }
        pending.append(TransactionSQL.release(mark.depth).bind())
        return false
    }

    /// Takes back all that was not sent since a savepoint; returns whether the server has to roll back to it.
    mutating func rollBackSavepoint(_ mark: Mark) -> Bool {
        depth -= 1
        atCommit.removeSubrange(min(mark.atCommit, atCommit.count)...)
        afterCommit.removeSubrange(min(mark.afterCommit, afterCommit.count)...)
        encodingError = mark.encodingError
        firstError = mark.firstError
        let isUnsent = mark.flush == flush
        pending.removeSubrange((isUnsent ? min(mark.pending, pending.count) : 0)...)
        return !isUnsent
    }
}
