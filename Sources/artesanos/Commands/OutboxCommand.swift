import ArgumentParser
import Composition
import Foundation
import Postgres

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract:
            "Ledgers and streams: how far they are relayed, what holds them up, whether they agree; mending, replaying.",
        discussion: """
            EXAMPLES
              artesanos outbox status
              artesanos outbox pending --service orders --limit 20
              artesanos outbox stall --json
              artesanos outbox verify
            """,
        subcommands: [Status.self, Pending.self, Stall.self, Verify.self, Repair.self, Replay.self],
        defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Each ledger's position beside the stream's, and what needs a look.",
            discussion: """
                EXAMPLES
                  artesanos outbox status
                  artesanos outbox status --service orders --json
                """)

        @OptionGroup var selection: ServiceSelection
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        private struct Row: Encodable {
            let service: ServiceName
            /// The last position given out.
            let position: Int64
            /// How far the stream's tail says it is; nil before the first batch.
            let relayed: Int64?
            let streamSequence: Int64?
            let cursorAt: Date?
            let pending: Int64
            let oldestSeconds: Double?
            let stalls: Int64
            let deadLetters: Int64
            let lateJobs: Int64
            let deadJobs: Int64
        }

        func run() async throws {
            var rows: [Row] = []
            for service in selection.names {
                try await options.withPool(of: service) { pool in
                    guard let row = try await pool.query(OperationsSQL.outboxStatus).first else { return }
                    let (position, relayed, sequence, at, pending, oldest, stalls, dead, late, deadJobs) =
                        try row.decode(
                            Int64.self, Int64?.self, Int64?.self, Date?.self, Int64.self, Double?.self, Int64.self,
                            Int64.self, Int64.self, Int64.self)
                    rows.append(
                        Row(
                            service: service, position: position, relayed: relayed, streamSequence: sequence,
                            cursorAt: at, pending: pending, oldestSeconds: oldest, stalls: stalls, deadLetters: dead,
                            lateJobs: late, deadJobs: deadJobs))
                }
            }
            if json { return try JSONOutput.print(rows) }
            var table = TextTable(
                [
                    "service", "position", "relayed", "stream", "pending", "oldest", "stalls", "dead letters",
                    "late jobs", "dead jobs",
                ], rightAligned: Set(1...9))
            for row in rows {
                table.add([
                    .init(row.service.rawValue), .init("\(row.position)"), .init(row.relayed.map { "\($0)" } ?? "-"),
                    .init(row.streamSequence.map { "\($0)" } ?? "-"), .init("\(row.pending)"),
                    .init(row.oldestSeconds.map(Age.text(seconds:)) ?? "-"), Self.figure(row.stalls),
                    Self.figure(row.deadLetters), Self.figure(row.lateJobs), Self.figure(row.deadJobs),
                ])
            }
            table.lines(.standard).forEach { Output.line($0) }
        }

        private static func figure(_ value: Int64) -> TextTable.Cell { .init("\(value)", value > 0 ? .yellow : nil) }
    }

    struct Pending: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Committed events that are not in their stream yet, oldest first.",
            discussion: """
                EXAMPLES
                  artesanos outbox pending
                  artesanos outbox pending --service payments --limit 10 --json
                """)

        @OptionGroup var selection: ServiceSelection
        @Option(help: "At most so many of each service.")
        var limit = 50
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        private struct Row: Encodable {
            let service: ServiceName
            let position: Int64
            let eventId: UUID
            let subject: String
            let aggregateId: String
            let occurredAt: Date
            let ageSeconds: Double
        }

        func run() async throws {
            var rows: [Row] = []
            for service in selection.names {
                rows += try await options.withPool(of: service) { pool in
                    try await pool.query(OperationsSQL.outboxPending, Int64(limit)).map { row in
                        Row(
                            service: service, position: try row.get(0), eventId: try row.get(1),
                            subject: try row.get(2), aggregateId: try row.get(3), occurredAt: try row.get(4),
                            ageSeconds: try row.get(5))
                    }
                }
            }
            if json { return try JSONOutput.print(rows) }
            guard !rows.isEmpty else { return Output.line("nothing is pending") }
            var table = TextTable(["service", "position", "subject", "aggregate", "age"], rightAligned: [1])
            for row in rows {
                table.add(
                    row.service.rawValue, "\(row.position)", row.subject, row.aggregateId,
                    Age.text(seconds: row.ageSeconds))
            }
            table.lines(.standard).forEach { Output.line($0) }
        }
    }

    struct Stall: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open transactions that a relay may have to wait for, oldest first.",
            discussion: """
                EXAMPLES
                  artesanos outbox stall
                  artesanos outbox stall --service orders --json
                """)

        @OptionGroup var selection: ServiceSelection
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        private struct Row: Encodable {
            let service: ServiceName
            let pid: Int32?
            let virtualTransaction: String
            let application: String?
            let user: String?
            let state: String?
            let ageSeconds: Double?
            let query: String?
            let preparedTransaction: String?
        }

        func run() async throws {
            var rows: [Row] = []
            for service in selection.names {
                rows += try await options.withPool(of: service) { pool in
                    try await pool.query(OperationsSQL.outboxStall).map { row in
                        Row(
                            service: service, pid: try row.get(0), virtualTransaction: try row.get(1),
                            application: try row.get(2), user: try row.get(3), state: try row.get(4),
                            ageSeconds: try row.get(5), query: try row.get(6), preparedTransaction: try row.get(7))
                    }
                }
            }
            if json { return try JSONOutput.print(rows) }
            guard !rows.isEmpty else { return Output.line("no open transaction holds a ledger") }
            var table = TextTable(
                ["service", "pid", "application", "user", "state", "age", "query"], rightAligned: [1])
            for row in rows {
                table.add(
                    row.service.rawValue, row.pid.map { "\($0)" } ?? row.preparedTransaction ?? "-",
                    row.application ?? "-", row.user ?? "-", row.state ?? "-",
                    row.ageSeconds.map(Age.text(seconds:)) ?? "-", row.query ?? "-")
            }
            table.lines(.standard).forEach { Output.line($0) }
        }
    }
}
