/// One SQL statement with parameters `$1`, `$2` …, known when the program is written.
///
/// Make it from a literal and keep it as a `static let`: a connection prepares each statement once and finds it again
/// by this value. Values never become part of the text; they are bound with ``bind(_:)``.
public struct Statement: Sendable, Hashable, ExpressibleByStringLiteral {
    public let sql: String
    /// Hashing a long text at each execution would cost as much as looking it up.
    private let hash: Int

    public init(_ sql: String) {
        self.sql = sql
        self.hash = sql.hashValue
    }

    public init(stringLiteral value: StaticString) {
        self.init(value.description)
    }

    /// The statement with a value for each parameter; nil is null.
    public func bind(_ values: (any PostgresEncodable)?...) -> BoundStatement {
        BoundStatement(statement: self, values: values)
    }

    /// The statement with a value for each parameter; nil is null.
    public func bind(values: [(any PostgresEncodable)?]) -> BoundStatement {
        BoundStatement(statement: self, values: values)
    }

    public static func == (left: Statement, right: Statement) -> Bool {
        left.hash == right.hash && left.sql == right.sql
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// A statement with its values, ready to run.
public struct BoundStatement: Sendable {
    public let statement: Statement
    public let values: [(any PostgresEncodable)?]

    public init(statement: Statement, values: [(any PostgresEncodable)?]) {
        self.statement = statement
        self.values = values
    }
}
