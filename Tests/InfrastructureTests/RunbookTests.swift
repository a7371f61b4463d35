import Foundation
import Outbox
import Postgres
import Schema
import TestSupport
import Testing

@Suite("Runbooks")
struct RunbookTests {
    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: RepositoryFile.url("runbooks").path)) ?? []
        return files.filter { $0.hasSuffix(".md") && $0 != "README.md" }.map { String($0.dropLast(3)) }.sorted()
    }()

    @Test("there are runbooks, and the index names each")
    func indexIsComplete() throws {
        #expect(!Self.names.isEmpty)
        let index = try RepositoryFile.text("runbooks/README.md")
        for name in Self.names { #expect(index.contains("(\(name).md)"), "\(name) is not in the index") }
    }

    @Test("a runbook has its sections, and shows the SQL that stands beside it", arguments: names)
    func isComplete(name: String) throws {
        let page = try RepositoryFile.text("runbooks/\(name).md")
        for section in ["Symptom", "What it usually means", "Inspect", "Fix", "Verify"] {
            #expect(page.contains("\n## \(section)\n"), "\(name).md has no section \(section)")
        }
        let sql = try RepositoryFile.text("runbooks/\(name).sql")
        let statements = sql.split(separator: "\n\n", maxSplits: 1).last.map(String.init) ?? ""
        #expect(page.contains(statements), "\(name).md does not show \(name).sql as it is")
    }

    @Test("a runbook's SQL runs on the schemas that it names", arguments: names)
    func runs(name: String) async throws {
        let sql = try RepositoryFile.text("runbooks/\(name).sql")
        let named = sql.split(separator: "\n").first { $0.hasPrefix("-- databases: ") }
        let databases = try #require(named).dropFirst("-- databases: ".count).split(separator: ", ").map(String.init)
        let schemas: [String: [Migration]] = [
            "orders": SchemaCatalog.orders, "payments": SchemaCatalog.payments, "inventory": SchemaCatalog.inventory,
        ]
        for database in databases {
            let schema = try #require(schemas[database], "\(name).sql names an unknown database")
            try await TestDatabase.make(schema).pool(size: 1).withConnection { try await $0.runScript(sql) }
        }
    }
}
