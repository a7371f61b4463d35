/// Anything that goes wrong in this module.
///
/// `description` is fit for logs: it never holds bound values, nor ``detail`` and ``context``, in which the server may
/// quote data. Those are in `debugDescription`.
public struct PostgresError: Error, Sendable {
    /// What kind of failure this is.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The connection could not be opened, or broke.
        case connection
        /// The server refused a statement; ``PostgresError/sqlState`` says why.
        case server
        /// No connection of the pool became free in time.
        case poolExhausted
        /// The pool was closed.
        case poolClosed
        /// A value could not be turned into what Postgres takes. Nothing was sent.
        case encoding
        /// A cell could not be read as the type asked for.
        case decoding
        /// The task was cancelled; its statement was cancelled on the server, or never sent.
        case cancelled
        /// The transaction had failed before, so that COMMIT could only roll it back.
        case transactionAborted
        /// A transaction was used after its end, or begun inside another on the same connection.
        case transactionState
        /// The connection broke between sending COMMIT and its answer: the transaction may have been committed or not.
        case commitOutcomeUnknown
        /// The server answered something the statement does not allow, such as COPY outside of `copyIn`.
        case protocolViolation
        /// The connection string or a setting is not valid.
        case configuration
    }

    public let code: Code
    /// The five characters of SQLSTATE, when the error comes from the server
    /// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
    public var sqlState: String?
    public var message: String
    /// The server's second sentence. May quote values, such as the key that exists already.
    public var detail: String?
    public var hint: String?
    /// The server's call stack (PL/pgSQL lines and the like). May quote values.
    public var context: String?
    public var schema: String?
    public var table: String?
    public var column: String?
    public var constraint: String?
    /// The SQL of the statement that failed, without its values.
    public var statement: String?
    /// Where in the pipeline that statement stood, from 0.
    public var pipelineIndex: Int?
    /// The character of ``statement`` the server points at, from 1.
    public var position: Int?
    /// Where in this module the error was made.
    public let file: String
    public let line: Int
    /// The function in the server's source that raised the error: unlike the message, the same in every language.
    var serverFunction: String?
    /// Whether the server ended the session with this error.
    var isFatal = false

    public init(
        _ code: Code, _ message: String, sqlState: String? = nil, statement: String? = nil,
        file: String = #fileID, line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.statement = statement
        self.file = file
        self.line = line
    }
}

extension PostgresError {
    /// Whether doing the whole thing again may well succeed: the connection was lost, the pool was exhausted, a
    /// serialization failure or deadlock, a lock not to be had, resources short, the server shutting down or starting,
    /// or a prepared statement that a change of the schema has outdated.
    public var isTransient: Bool {
        switch code {
        case .connection: true
        case .poolExhausted: true
        case .server:
            isStalePreparedStatement
                || ["08", "53"].contains(sqlState?.prefix(2)) || sqlState?.hasPrefix("57P0") == true
                || [
                    PostgresSQLState.serializationFailure, PostgresSQLState.deadlockDetected,
                    PostgresSQLState.lockNotAvailable,
                ].contains(sqlState)
        default: false
        }
    }

    /// A row with this key exists already; see ``constraint``.
    public var isUniqueViolation: Bool { sqlState == PostgresSQLState.uniqueViolation }
    public var isForeignKeyViolation: Bool { sqlState == PostgresSQLState.foreignKeyViolation }
    public var isCheckViolation: Bool { sqlState == PostgresSQLState.checkViolation }
    public var isSerializationFailure: Bool { sqlState == PostgresSQLState.serializationFailure }
    public var isDeadlock: Bool { sqlState == PostgresSQLState.deadlockDetected }
    /// `lock_timeout` passed, or NOWAIT found the lock taken.
    public var isLockTimeout: Bool { sqlState == PostgresSQLState.lockNotAvailable }
    /// `statement_timeout` passed, or somebody else cancelled the query.
    public var isStatementTimeout: Bool { code == .server && sqlState == PostgresSQLState.queryCanceled }

    /// The prepared statement no longer fits the schema, or is gone (DISCARD, DEALLOCATE).
    var isStalePreparedStatement: Bool {
        sqlState == PostgresSQLState.invalidSQLStatementName
            || (sqlState == PostgresSQLState.featureNotSupported && serverFunction == "RevalidateCachedQuery")
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        var text = code.rawValue
        if let sqlState { text += " \(sqlState)" }
        text += ": \(message)"
        for (name, value) in [("constraint", constraint), ("table", table), ("column", column)] {
            if let value { text += " [\(name) \(value)]" }
        }
        if let statement { text += " in: \(Self.shortened(statement))" }
        return text
    }

    public var debugDescription: String {
        var text = description
        for (name, value) in [("detail", detail), ("hint", hint), ("context", context)] {
            if let value { text += " \(name): \(value)" }
        }
        return text + " (\(file):\(line))"
    }

    private static func shortened(_ sql: String) -> String {
        let words = sql.prefix(2000).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count > 300 ? words.prefix(300) + "…" : words
    }
}
