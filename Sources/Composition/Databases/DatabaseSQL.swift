import Postgres

/// Making databases.
enum DatabaseSQL {
    static let exists: Statement = "select exists (select from pg_database where datname = $1::text)"

    /// The statement that creates a database of this name, quoted by the server itself: names cannot be bound.
    static let createStatement: Statement = "select format('create database %I', $1::text)"

    static let all = [exists, createStatement]
}
