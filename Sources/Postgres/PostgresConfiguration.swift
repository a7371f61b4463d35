/// How to reach a database, and how its sessions behave.
public struct PostgresConfiguration: Sendable {
    /// A libpq URI (`postgresql://user:password@host:port/database?sslmode=verify-full`) or key=value string. All of
    /// libpq's parameters work, as do its environment variables and password file:
    /// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    public var connectionString: String
    /// Shown in `pg_stat_activity`. A name in the connection string wins.
    public var applicationName: String
    /// How long opening a connection may take, for each host. libpq counts whole seconds, two at least.
    public var connectTimeout: Duration
    /// The server ends a statement that runs for longer. nil: as the server is configured.
    public var statementTimeout: Duration?
    /// The server ends a statement that waits for a lock for longer. nil: as the server is configured.
    public var lockTimeout: Duration?
    /// The server ends a session that does nothing inside a transaction for longer. nil: as the server is configured.
    public var idleInTransactionTimeout: Duration?
    /// More run-time parameters, set when a session starts.
    public var settings: [String: String]
    /// Whether statements are prepared once for each connection. Off where a proxy gives each transaction another
    /// server session (PgBouncer in transaction mode before 1.21).
    public var preparedStatements: Bool
    /// How many prepared statements a connection keeps; the one unused for longest goes first.
    public var maxPreparedStatements: Int

    public init(
        _ connectionString: String, applicationName: String = "artesanos", connectTimeout: Duration = .seconds(5),
        statementTimeout: Duration? = nil, lockTimeout: Duration? = nil, idleInTransactionTimeout: Duration? = nil,
        settings: [String: String] = [:], preparedStatements: Bool = true, maxPreparedStatements: Int = 256
    ) {
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.settings = settings
        self.preparedStatements = preparedStatements
        self.maxPreparedStatements = maxPreparedStatements
    }

    /// The run-time parameters in the form of the server's command line, for libpq's `options`.
    var serverOptions: String {
        var parameters = settings
        for (name, timeout) in [
            ("statement_timeout", statementTimeout), ("lock_timeout", lockTimeout),
            ("idle_in_transaction_session_timeout", idleInTransactionTimeout),
        ] {
            // Zero would mean "no limit" to the server: the shortest limit is one millisecond.
            if let timeout { parameters[name] = "\(max(1, timeout.milliseconds))ms" }
        }
        return parameters.sorted { $0.key < $1.key }
            .map { "-c \($0.key)=\(Self.escaped($0.value))" }.joined(separator: " ")
    }

    /// The server splits the options at white space; a backslash keeps the next character from meaning anything.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            if character.isWhitespace || character == "\\" { text.append("\\") }
            text.append(character)
        }
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
