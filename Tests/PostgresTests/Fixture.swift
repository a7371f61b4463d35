import Foundation
import Logging
@testable import Postgres
import TestSupport

/// One connection to a fresh database, closed afterwards.
@discardableResult
func withDatabase<R>(
    _ adjust: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresConnection) async throws -> R
) async throws -> R {
    let database = try await TestDatabase.make()
    var configuration = database.configuration()
    adjust(&configuration)
    let connection = try await PostgresConnection.connect(configuration, logger: .test)
    do {
        let result = try await body(connection)
        await connection.close()
        return result
    } catch {
        await connection.close()
        throw error
    }
}

/// A pool on a fresh database, closed afterwards.
@discardableResult
func withPool<R>(
    size: Int = 4, acquireTimeout: Duration = .seconds(60), maxLifetime: Duration = .seconds(1800),
    idleCheck: Duration = .seconds(30), _ body: (PostgresPool) async throws -> R
) async throws -> R {
    let database = try await TestDatabase.make()
    let pool = PostgresPool(
        database.configuration(), size: size, acquireTimeout: acquireTimeout, maxLifetime: maxLifetime,
        idleCheck: idleCheck, logger: .test)
    do {
        let result = try await body(pool)
        await pool.close()
        return result
    } catch {
        await pool.close()
        throw error
    }
}

extension PostgresExecutor {
    /// The first column of the first row.
    func value<T: PostgresDecodable & Sendable>(
        _ statement: Statement, _ values: (any PostgresEncodable)?..., as type: T.Type = T.self
    ) async throws -> T {
        let rows = try await query(BoundStatement(statement: statement, values: values))
        guard let row = rows.first else { throw PostgresError(.decoding, "no row") }
        return try row.get(0)
    }
}

/// An error of a test's own, that the library must not touch.
struct BodyError: Error, Equatable {
    var id = UUID()
}
