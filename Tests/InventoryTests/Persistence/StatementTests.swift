import Postgres
import Schema
import TestSupport
import Testing

@testable import Inventory

/// One after the other, on one connection.
@Suite("Inventory's statements", .serialized)
struct StatementTests {
    @Test(
        "every statement is valid on the migrated schema",
        arguments: StockBookSQL.all + ReservationSQL.all + DriftSQL.all + ProductSQL.all + ShopSQL.all
            + LedgerSQL.all)
    func prepares(statement: Statement) async throws {
        try await Self.shared.value.withConnection { connection in
            try await connection.runScript("deallocate all; prepare checked as \(statement.sql)")
        }
    }

    private static let shared = Task {
        try await TestDatabase.make(SchemaCatalog.inventory).pool(size: 1)
    }
}
