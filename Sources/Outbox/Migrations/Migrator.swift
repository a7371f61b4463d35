public import Foundation
public import Postgres

/// Brings a database's schema to what this binary needs, and back.
///
/// Each migration is one transaction with the row that records it. An advisory lock lets only one migrator work at a
/// time; a second one waits, and then finds nothing to do.
public struct Migrator: Sendable {
    private let migrations: [Migration]

    /// - Parameter migrations: in the order in which they are to be applied.
    public init(_ migrations: [Migration]) {
        self.migrations = migrations
    }

    /// Applies what is missing.
    /// - Returns: what was applied.
    /// - Throws: ``MigrationError``, or `PostgresError` when a migration's SQL fails; it then left nothing behind.
    @discardableResult
    public func up(_ connection: PostgresConnection) async throws -> [Migration] {
        try await locked(connection) {
            try await connection.runScript(MigrationSQL.createTable)
            let missing = try check(try await applied(connection)).filter { $0.appliedAt == nil }.map(\.migration)
            for migration in missing {
                try await run(
                    migration.up, on: connection,
                    then: MigrationSQL.record.bind(
                        migration.line, migration.version, migration.name, migration.checksum))
            }
            return missing
        }
    }

    /// Takes the last migrations back, newest first.
    /// - Parameter steps: how many.
    /// - Returns: what was taken back.
    @discardableResult
    public func down(_ connection: PostgresConnection, steps: Int = 1) async throws -> [Migration] {
        try await locked(connection) {
            try await connection.runScript(MigrationSQL.createTable)
            let last = try check(try await applied(connection)).filter { $0.appliedAt != nil }.map(\.migration)
                .suffix(steps).reversed()
            for migration in last {
                try await run(
                    migration.down, on: connection,
                    then: MigrationSQL.forget.bind(migration.line, migration.version))
            }
            return Array(last)
        }
    }

    /// What is applied and what is not, without changing anything.
    public func status(_ executor: any PostgresExecutor) async throws -> [Status] {
        let exists = try await executor.query(MigrationSQL.tableExists.bind()).first?.get(0, as: Bool.self) ?? false
        return try check(exists ? try await applied(executor) : [])
    }

    /// One migration and when it was applied.
    public struct Status: Sendable {
        public let migration: Migration
        /// Nil when it is still to be applied.
        public let appliedAt: Date?
    }

    private struct Applied {
        let line: String
        let version: Int
        let name: String
        let checksum: Int64
        let at: Date
    }

    private func applied(_ executor: any PostgresExecutor) async throws -> [Applied] {
        try await executor.query(MigrationSQL.applied.bind()).map { row in
            let (line, version, name, checksum, at) = try row.decode(
                String.self, Int32.self, String.self, Int64.self, Date.self)
            return Applied(line: line, version: Int(version), name: name, checksum: checksum, at: at)
        }
    }

    private func check(_ applied: [Applied]) throws -> [Status] {
        var left = Dictionary(uniqueKeysWithValues: applied.map { ("\($0.line)/\($0.version)", $0) })
        let statuses = try migrations.map { migration in
            guard let row = left.removeValue(forKey: "\(migration.line)/\(migration.version)") else {
                return Status(migration: migration, appliedAt: nil)
            }
            guard row.checksum == migration.checksum else {
                throw MigrationError.changed(line: row.line, version: row.version, name: row.name)
            }
            return Status(migration: migration, appliedAt: row.at)
        }
        if let unknown = left.values.min(by: { ($0.line, $0.version) < ($1.line, $1.version) }) {
            throw MigrationError.unknown(line: unknown.line, version: unknown.version, name: unknown.name)
        }
        return statuses
    }

    /// A script of several statements and the row that records it, in one transaction.
    private func run(_ script: String, on connection: PostgresConnection, then record: BoundStatement) async throws {
        try await connection.runScript("begin")
        do {
            try await connection.runScript(script)
            try await connection.query(record)
            try await connection.runScript("commit")
        } catch {
            // The connection may be what failed; its end rolls back too.
            try? await connection.runScript("rollback")
            throw error
        }
    }

    private static let lock: Int64 = 0x6172_7465_6D69_6772

    private func locked<Result>(_ connection: PostgresConnection, _ body: () async throws -> Result) async throws
        -> Result
    {
        try await connection.advisoryLock(Self.lock)
        do {
            let result = try await body()
            try await connection.advisoryUnlock(Self.lock)
            return result
        } catch {
            // The connection may be what failed; its end frees the lock too.
            try? await connection.advisoryUnlock(Self.lock)
            throw error
        }
    }
}

/// Why the database's schema and this binary do not fit.
public enum MigrationError: Error, CustomStringConvertible, Sendable, Equatable {
    /// A migration was changed after it had been applied.
    case changed(line: String, version: Int, name: String)
    /// The database is ahead: it has a migration that this binary does not know.
    case unknown(line: String, version: Int, name: String)

    public var description: String {
        switch self {
        case .changed(let line, let version, let name):
            "migration \(line)/\(version) \(name) was changed after it had been applied; add a new one instead"
        case .unknown(let line, let version, let name):
            "the database has migration \(line)/\(version) \(name), which this binary does not know; use a newer binary"
        }
    }
}
