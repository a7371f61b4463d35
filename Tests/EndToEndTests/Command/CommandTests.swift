import Foundation
import LocalServers
import Outbox
import Postgres
import Schema
import ServiceRuntime
import TestSupport
import Testing

@testable import Composition
@testable import artesanos

/// The command's own parts, without servers.
@Suite struct CommandTests {
    /// One call of the command, and the exit code that it has to have.
    struct Call: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let code: Int32
        var environment: [String: String] = [:]

        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test func eventsOfAStreamAreReadWhereverItsBytesAreCut() {
        let text =
            "retry: 1000\n\nid: 7\nevent: saga\ndata: {\"a\":1}\n\n: still here\n\nevent: end\r\ndata: {}\r\n\r\n"
        let expected = [
            ServerSentEvent(id: "7", name: "saga", data: "{\"a\":1}"),
            ServerSentEvent(id: "7", name: "end", data: "{}"),
        ]
        for size in [1, 2, 5, text.utf8.count] {
            var parser = ServerSentEventParser()
            var events: [ServerSentEvent] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                events += parser.feed(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            #expect(events == expected, "cut into pieces of \(size)")
        }
    }

    @Test(arguments: [
        ("postgresql://ana@db:5432/orders?sslmode=require", "orders", "postgresql://ana@db:5432/x%2Dy?sslmode=require"),
        ("postgres://a,b:5433/shop%20one", "shop one", "postgres://a,b:5433/x%2Dy"),
        ("postgresql://db?dbname=orders&user=ana", "orders", "postgresql://db/x%2Dy?user=ana"),
        ("host=db dbname=orders user=ana", "orders", "host=db dbname=orders user=ana dbname='x-y'"),
        ("host=db dbname = 'my \\'shop\\''", "my 'shop'", "host=db dbname = 'my \\'shop\\'' dbname='x-y'"),
        ("host=db user=ana", nil, "host=db user=ana dbname='x-y'"),
    ])
    func aConnectionStringTellsItsDatabaseAndTakesAnother(string: String, name: String?, other: String) {
        let address = DatabaseAddress(string)
        #expect(address.name == name)
        #expect(address.database("x-y") == other)
    }

    @Test func aMissingDatabaseIsCreatedOnceAndMigratedForthAndBack() async throws {
        let server = try await TestServers.postgres()
        let name = UniqueName.next("my \"own\" shop")
        let database = PostgresConfiguration.patient(server.connectionString(database: name))
        #expect(try await DatabaseCreation.createIfMissing(database))
        #expect(try await DatabaseCreation.createIfMissing(database) == false)

        let migration = DatabaseMigration(.orders, database: database)
        #expect(try await migration.status().allSatisfy { $0.appliedAt == nil })
        #expect(try await migration.up().map(\.line) == SchemaCatalog.orders.map(\.line))
        #expect(try await migration.up().isEmpty)
        #expect(try await migration.status().allSatisfy { $0.appliedAt != nil })
        #expect(try await migration.down(steps: 1).map(\.line) == ["orders"])
        #expect(try await migration.up().map(\.line) == ["orders"])
    }

    @Test(arguments: ServiceName.allCases)
    func everyStatementOfTheOperatorsFitsTheSchema(service: ServiceName) async throws {
        let database = try await TestDatabase.make(service.migrations)
        let connection = try await PostgresConnection.connect(database.configuration())
        let statements =
            OperationsSQL.common + DatabaseSQL.all + VerifySQL.common + SystemCheck.statements(for: service)
            + (service == .orders
                ? OperationsSQL.orders + LoadSQL.all + [DevelopmentSQL.knownProducts, VerifySQL.orders] : [])
            + (service == .payments ? OperationsSQL.payments + [VerifySQL.payments] : [])
            + (service == .inventory ? [VerifySQL.reservations] : [])
        for statement in statements {
            try await connection.runScript("prepare checked as \(statement.sql)")
            try await connection.runScript("deallocate checked")
        }
        await connection.close()
    }

    @Test func aSecretIsMadeOnceAndOnlyItsOwnerMayReadIt() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("secret-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("secret")
        let secret = try DevelopmentSecret.keep(at: file, prefix: "whsec_")
        #expect(secret.hasPrefix("whsec_"))
        #expect(secret.utf8.count >= AuthConfiguration.minimumSecretBytes)
        #expect(try DevelopmentSecret.keep(at: file, prefix: "whsec_") == secret)
        let permissions = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(permissions == 0o600)
    }

    @Test func aTakenPortIsReplacedByAFreeOneThatIsRemembered() throws {
        let folder = DevelopmentFolder(
            FileManager.default.temporaryDirectory.appendingPathComponent("ports-\(UUID())").path)
        try folder.make()
        defer { try? FileManager.default.removeItem(at: folder.url) }
        let taken = try ListeningSocket()
        var chooser = PortChooser(folder, environment: [:])
        let port = try chooser.port("ORDERS_PORT", usual: taken.port)
        #expect(port != taken.port)
        #expect(chooser.notes.count == 1)
        try chooser.save()
        var next = PortChooser(folder, environment: [:])
        #expect(try next.port("ORDERS_PORT", usual: taken.port) == port)
        var configured = PortChooser(folder, environment: ["ORDERS_PORT": "\(taken.port)"])
        #expect(throws: UsageFailure.self) { try configured.port("ORDERS_PORT", usual: nil) }
        var wrong = PortChooser(folder, environment: ["ORDERS_PORT": "http"])
        #expect(throws: UsageFailure.self) { try wrong.port("ORDERS_PORT", usual: nil) }
    }

    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = TextTable(["name", "n"], rightAligned: [1])
        table.add("a", "1")
        table.add("longer\nname", "100")
        #expect(
            table.lines(Terminal(hasColours: false)) == ["name           n", "a              1", "longer name  100"])
    }

    @Test(arguments: [
        Call(arguments: ["--help"], code: 0),
        Call(arguments: ["serve"], code: 2),
        Call(arguments: ["nonsense"], code: 2),
        Call(arguments: ["token", "--role", "bogus", "--subject", "x"], code: 2),
        Call(arguments: ["token", "--role", "ops", "--subject", "x", "--dev", "/nonexistent"], code: 2),
        Call(arguments: ["outbox", "status", "--dev", "/nonexistent"], code: 2),
        Call(arguments: ["verify", "--list"], code: 0),
        Call(arguments: ["verify", "--dev", "/nonexistent"], code: 2),
        Call(arguments: ["load", "--mix", "success=all"], code: 2),
        Call(arguments: ["load", "--rate", "10", "--burst", "10"], code: 2),
        // Nobody listens on the discard port.
        Call(arguments: ["streams", "plan"], code: 1, environment: ["NATS_URL": "nats://127.0.0.1:9"]),
    ])
    func theExitCodeSaysWhetherTheUsageWasWrong(call: Call) async throws {
        let process = try CommandProcess(call.arguments, environment: call.environment)
        #expect(try await process.exitCode() == call.code, "\(process.output)")
    }
}

/// A socket that listens on a port of its own.
private final class ListeningSocket {
    let port: Int
    private let descriptor: Int32

    init() throws {
        #if canImport(Darwin)
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 1) == 0
                    ? getsockname(descriptor, generic, &length) : -1
            }
        }
        try #require(status == 0)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit {
        close(descriptor)
    }
}
