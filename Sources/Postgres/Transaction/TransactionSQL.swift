enum TransactionSQL {
    static let beginReadCommitted: Statement = "BEGIN ISOLATION LEVEL READ COMMITTED"
    static let beginReadCommittedReadOnly: Statement = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
    static let beginRepeatableRead: Statement = "BEGIN ISOLATION LEVEL REPEATABLE READ"
    static let beginRepeatableReadReadOnly: Statement = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    static let beginSerializable: Statement = "BEGIN ISOLATION LEVEL SERIALIZABLE"
    static let beginSerializableReadOnly: Statement = "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"
    static let commit: Statement = "COMMIT"
    static let rollback: Statement = "ROLLBACK"

    static func begin(_ isolation: PostgresIsolation, readOnly: Bool) -> Statement {
        switch (isolation, readOnly) {
        case (.readCommitted, false): beginReadCommitted
        case (.readCommitted, true): beginReadCommittedReadOnly
        case (.repeatableRead, false): beginRepeatableRead
        case (.repeatableRead, true): beginRepeatableReadReadOnly
        case (.serializable, false): beginSerializable
        case (.serializable, true): beginSerializableReadOnly
        }
    }

    // A savepoint's name cannot be bound; it is made from how deep savepoints are nested.
    static func savepoint(_ depth: Int) -> Statement { Statement("SAVEPOINT sp\(depth)") }
    static func release(_ depth: Int) -> Statement { Statement("RELEASE SAVEPOINT sp\(depth)") }
    static func rollback(to depth: Int) -> Statement { Statement("ROLLBACK TO SAVEPOINT sp\(depth)") }
}
