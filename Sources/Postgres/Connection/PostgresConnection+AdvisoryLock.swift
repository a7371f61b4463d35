extension PostgresConnection {
    /// Takes a session advisory lock if nobody has it. It is kept until ``advisoryUnlock(_:)`` or the connection's end; a
    /// pool does not take a connection back that still holds one.
    public func tryAdvisoryLock(_ key: Int64) async throws -> Bool {
        let isTaken = try await query(AdvisoryLockSQL.tryLock.bind(key)).first?.get(0, as: Bool.self) == true
        if isTaken { core.withState { $0.advisoryLocks += 1 } }
        return isTaken
    }

    /// Waits for a session advisory lock, as long as the statement and lock time-outs allow.
    public func advisoryLock(_ key: Int64) async throws {
        try await query(AdvisoryLockSQL.lock.bind(key))
        core.withState { $0.advisoryLocks += 1 }
    }

    /// Gives a session advisory lock back. It is taken as often as it was locked, and must be given back as often.
    public func advisoryUnlock(_ key: Int64) async throws {
        let wasHeld = try await query(AdvisoryLockSQL.unlock.bind(key)).first?.get(0, as: Bool.self) == true
        guard wasHeld else {
            throw PostgresError(.transactionState, "this connection does not hold the advisory lock \(key)")
        }
        core.withState { $0.advisoryLocks -= 1 }
    }
}

enum AdvisoryLockSQL {
    static let tryLock: Statement = "select pg_try_advisory_lock($1)"
    static let lock: Statement = "select pg_advisory_lock($1)"
    static let unlock: Statement = "select pg_advisory_unlock($1)"

    static let all: [Statement] = [tryLock, lock, unlock]
}
