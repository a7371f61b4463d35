import Foundation
@testable import Postgres
import Testing

@Suite struct ErrorTests {
    @Test func aUniqueViolationNamesConstraintAndTableButNotTheValue() async throws {
        try await withDatabase { connection in
            try await connection.runScript("create table people (email text constraint people_email_key unique)")
            let insert: Statement = "insert into people (email) values ($1)"
            try await connection.execute(insert, "ada@example.com")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.execute(insert, "ada@example.com")
            }
            let failure = try #require(error)
            #expect(failure.isUniqueViolation)
            #expect(failure.code == .server)
            #expect(failure.sqlState == "23505")
            #expect(failure.constraint == "people_email_key")
            #expect(failure.table == "people")
            #expect(failure.schema == "public")
            #expect(failure.statement == insert.sql)
            #expect(failure.detail?.contains("ada@example.com") == true)
            #expect(!failure.description.contains("ada@example.com"))
            #expect(failure.description.contains("people_email_key"))
            #expect(failure.debugDescription.contains("ada@example.com"))
            #expect(!failure.isTransient)
        }
    }

    @Test func aSyntaxErrorSaysWhereItIs() async throws {
        try await withDatabase { connection in
            let error = await #expect(throws: PostgresError.self) { try await connection.query("select * form t") }
            #expect(error?.sqlState == "42601")
            #expect(error?.position == 10)
            let one = try await connection.value("select 1", as: Int.self)
            #expect(one == 1)
        }
    }

    @Test func theOtherViolationsAreTold() async throws {
        try await withDatabase { connection in
            try await connection.runScript(
                """
                create table a (id int primary key);
                create table b (a int not null references a, n int check (n > 0))
                """)
            let foreign = await #expect(throws: PostgresError.self) {
                try await connection.query("insert into b (a, n) values (1, 1)")
            }
            #expect(foreign?.isForeignKeyViolation == true)
            let check = await #expect(throws: PostgresError.self) {
                try await connection.query("insert into b (a, n) values (1, 0)")
            }
            #expect(check?.isCheckViolation == true)
            let null = await #expect(throws: PostgresError.self) {
                try await connection.query("insert into b (a, n) values ($1::int, 0)", nil)
            }
            #expect(null?.sqlState == PostgresSQLState.notNullViolation)
            #expect(null?.column == "a")
        }
    }

    @Test(arguments: [
        ("40001", true), ("40P01", true), ("55P03", true), ("53300", true), ("57P01", true), ("08006", true),
        ("26000", true), ("23505", false), ("57014", false), ("42601", false), ("0A000", false),
    ])
    func transientStatesAreThoseWhereAgainMakesSense(sqlState: String, isTransient: Bool) {
        #expect(PostgresError(.server, "message", sqlState: sqlState).isTransient == isTransient)
    }

    @Test func codesOfTheClientAreTransientWhereAgainMakesSense() {
        #expect(PostgresError(.connection, "lost").isTransient)
        #expect(PostgresError(.poolExhausted, "busy").isTransient)
        #expect(!PostgresError(.commitOutcomeUnknown, "unknown").isTransient)
        #expect(!PostgresError(.cancelled, "cancelled").isTransient)
    }

    @Test func aLongStatementIsShortenedInTheDescription() {
        let error = PostgresError(.server, "m", statement: "select\n   " + String(repeating: "x, ", count: 2000))
        #expect(error.description.count < 400)
        #expect(error.description.hasPrefix("server: m in: select x, x,"))
    }
}
