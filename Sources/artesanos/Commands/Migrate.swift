import ArgumentParser
import Composition
import Foundation
import Outbox
import Postgres
import ServiceRuntime

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the databases' schemas to what this binary needs, or back.",
        discussion: """
            Each migration is one transaction; an advisory lock lets one migrator work at a time.

            EXAMPLES
              artesanos migrate up --create-databases
              artesanos migrate status --json
              artesanos migrate down --service orders --steps 1
            """,
        subcommands: [Up.self, Down.self, Status.self], defaultSubcommand: Status.self)

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply what is missing.",
            discussion: """
                EXAMPLES
                  artesanos migrate up
                  artesanos migrate up --service payments --create-databases
                """)

        @OptionGroup var selection: ServiceSelection
        @Flag(help: "Create a database that is missing; the role must be allowed to.")
        var createDatabases = false
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            var report = MigrationReport()
            for (service, database) in try options.databases(of: selection.names) {
                if createDatabases, try await DatabaseCreation.createIfMissing(database), !json {
                    Output.line("\(service.rawValue): database created")
                }
                report.add(try await DatabaseMigration(service, database: database).up(), of: service)
            }
            try report.print(json: json, done: "applied", nothing: "is up to date")
        }
    }

    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the last migrations back, newest first. Their tables and data go with them.",
            discussion: """
                EXAMPLES
                  artesanos migrate down --service inventory
                  artesanos migrate down --service inventory --steps 2
                """)

        @Option(help: "The service whose database it is.")
        var service: ServiceName
        @Option(help: "How many.")
        var steps = 1
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            guard steps > 0 else { throw ValidationError("--steps is to be 1 or more") }
        }

        func run() async throws {
            var report = MigrationReport()
            for (service, database) in try options.databases(of: [service]) {
                report.add(try await DatabaseMigration(service, database: database).down(steps: steps), of: service)
            }
            try report.print(json: json, done: "taken back", nothing: "has none to take back")
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is applied. Exit code 1 when something is missing.",
            discussion: """
                EXAMPLES
                  artesanos migrate status
                  artesanos migrate status --service orders --json
                """)

        @OptionGroup var selection: ServiceSelection
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        private struct Row: Encodable {
            let service: ServiceName
            let line: String
            let version: Int
            let name: String
            let appliedAt: Date?
        }

        func run() async throws {
            var rows: [Row] = []
            for (service, database) in try options.databases(of: selection.names) {
                rows += try await DatabaseMigration(service, database: database).status().map {
                    Row(
                        service: service, line: $0.migration.line, version: $0.migration.version,
                        name: $0.migration.name, appliedAt: $0.appliedAt)
                }
            }
            if json {
                try JSONOutput.print(rows)
            } else {
                var table = TextTable(["service", "migration", "name", "applied"])
                for row in rows {
                    table.add([
                        .init(row.service.rawValue), .init("\(row.line)/\(row.version)"), .init(row.name),
                        row.appliedAt.map { .init(Age.moment($0)) } ?? .init("missing", .yellow),
                    ])
                }
                table.lines(.standard).forEach { Output.line($0) }
            }
            guard rows.allSatisfy({ $0.appliedAt != nil }) else { throw ExitCode.checkFailed }
        }
    }
}

/// What a migration run did, service by service.
private struct MigrationReport {
    private struct Row: Encodable {
        let service: ServiceName
        let line: String
        let version: Int
        let name: String
    }

    private var rows: [Row] = []
    private var idle: [ServiceName] = []

    mutating func add(_ migrations: [Migration], of service: ServiceName) {
        if migrations.isEmpty { idle.append(service) }
        rows += migrations.map { Row(service: service, line: $0.line, version: $0.version, name: $0.name) }
    }

    func print(json: Bool, done: String, nothing: String) throws {
        if json { return try JSONOutput.print(rows) }
        for row in rows { Output.line("\(row.service.rawValue): \(row.line)/\(row.version) \(row.name) \(done)") }
        for service in idle { Output.line("\(service.rawValue): \(nothing)") }
    }
}

extension ConfigurationOptions {
    /// The databases of the services, each of which must be configured.
    fileprivate func databases(of services: [ServiceName]) throws -> [(ServiceName, PostgresConfiguration)] {
        let configuration = try loadOrDevelopment()
        return try services.map { service in
            guard let database = configuration.database.postgres(of: service.rawValue) else {
                throw UsageFailure("\(service.rawValue.uppercased())_DATABASE_URL is not set")
            }
            return (service, database)
        }
    }
}
