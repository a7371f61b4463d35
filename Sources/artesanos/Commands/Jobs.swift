import ArgumentParser
import Composition
import Foundation
import Postgres

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at scheduled jobs, and run dead ones again.",
        discussion: """
            EXAMPLES
              artesanos jobs list --state dead
              artesanos jobs list --service orders --kind saga.deadline
              artesanos jobs retry 4711 --service payments
            """,
        subcommands: [List.self, Retry.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Jobs, the next due first.",
            discussion: """
                EXAMPLES
                  artesanos jobs list
                  artesanos jobs list --state dead --json
                """)

        @OptionGroup var selection: ServiceSelection
        @Option(help: "Only jobs of this kind, such as saga.deadline.")
        var kind: String?
        @Option(help: "Only those in this state: scheduled or dead.")
        var state: State?
        @Option(help: "At most so many of each service.")
        var limit = 50
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        enum State: String, ExpressibleByArgument, CaseIterable {
            case scheduled, dead
        }

        private struct Row: Encodable {
            let service: ServiceName
            let id: Int64
            let kind: String
            let key: String?
            let runAt: Date
            let state: String
            let attempt: Int32
            let lastError: String?
            let dueInSeconds: Double
        }

        func run() async throws {
            var rows: [Row] = []
            for service in selection.names {
                rows += try await options.withPool(of: service) { pool in
                    try await pool.query(OperationsSQL.jobs, kind, state?.rawValue, Int64(limit)).map { row in
                        Row(
                            service: service, id: try row.get(0), kind: try row.get(1), key: try row.get(2),
                            runAt: try row.get(3), state: try row.get(4), attempt: try row.get(5),
                            lastError: try row.get(6), dueInSeconds: try row.get(7))
                    }
                }
            }
            if json { return try JSONOutput.print(rows) }
            guard !rows.isEmpty else { return Output.line("no such jobs") }
            var table = TextTable(
                ["service", "id", "kind", "key", "state", "due in", "failures", "last error"], rightAligned: [1, 6])
            for row in rows {
                table.add([
                    .init(row.service.rawValue), .init("\(row.id)"), .init(row.kind), .init(row.key ?? "-"),
                    .init(row.state, row.state == "dead" ? .red : nil),
                    .init(row.state == "dead" ? "-" : Age.text(seconds: row.dueInSeconds)), .init("\(row.attempt)"),
                    .init(row.lastError.map { String($0.prefix(80)) } ?? "-"),
                ])
            }
            table.lines(.standard).forEach { Output.line($0) }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a job due now, with all its tries again: a dead one, or one that waits.",
            discussion: """
                EXAMPLES
                  artesanos jobs retry 4711 --service payments
                """)

        @Argument(help: "The job's number.")
        var id: Int64
        @Option(help: "The service whose job it is.")
        var service: ServiceName
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let isFound = try await options.withPool(of: service) { pool in
                try await pool.query(OperationsSQL.retryJob, id).first != nil
            }
            guard isFound else { throw CheckFailed("\(service.rawValue) has no job \(id)") }
            Output.line("job \(id) of \(service.rawValue) is due now")
        }
    }
}
