import Postgres
import Schema
import TestSupport
import Testing

@testable import Outbox

@Suite("Statements")
struct StatementTests {
    @Test(
        "every statement is valid on the migrated schema",
        arguments: LedgerSQL.all + ReplicaSQL.all + RelaySQL.all + InboxSQL.all + JobSQL.all + UpkeepSQL.all
            + IdempotencySQL.all)
    func prepares(statement: Statement) async throws {
        try await Self.shared.value.withConnection { connection in
            try await connection.runScript("deallocate all; prepare checked as \(statement.sql)")
        }
    }

    private static let shared = Task {
        try await TestDatabase.make(SchemaCatalog.outbox).pool(size: 4)
    }
}
