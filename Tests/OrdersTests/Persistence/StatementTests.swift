import Postgres
import Schema
import TestSupport
import Testing

@testable import Orders

@Suite("Orders' statements")
struct StatementTests {
    @Test(
        "every statement is valid on the migrated schema",
        arguments: OrderSQL.all + SagaSQL.all + CatalogueSQL.all)
    func prepares(statement: Statement) async throws {
        try await Self.shared.value.withConnection { connection in
            try await connection.runScript("deallocate all; prepare checked as \(statement.sql)")
        }
    }

    private static let shared = Task {
        try await TestDatabase.make(SchemaCatalog.orders).pool(size: 1)
    }
}
