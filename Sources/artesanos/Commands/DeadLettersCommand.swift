import ArgumentParser
import Composition
import Contracts
import Foundation
import Outbox
import Postgres

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Look at what consumers could not apply, and apply it again.",
        discussion: """
            EXAMPLES
              artesanos dead-letters list
              artesanos dead-letters show 12 --service orders
              artesanos dead-letters redrive 12 --service orders
            """,
        subcommands: [List.self, Show.self, Redrive.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open dead letters, oldest first.",
            discussion: """
                EXAMPLES
                  artesanos dead-letters list
                  artesanos dead-letters list --service payments --consumer payments-orders --json
                """)

        @OptionGroup var selection: ServiceSelection
        @Option(help: "Only those of this durable consumer.")
        var consumer: String?
        @Option(help: "At most so many of each service.")
        var limit = 50
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        private struct Row: Encodable {
            let service: ServiceName
            let letter: DeadLetter
        }

        func run() async throws {
            var rows: [Row] = []
            for service in selection.names {
                rows += try await options.withPool(of: service) { pool in
                    // Listing needs no consumers; re-driving does.
                    try await DeadLetters(pool: pool, consumers: []).list(consumer: consumer, limit: limit).map {
                        Row(service: service, letter: $0)
                    }
                }
            }
            if json { return try JSONOutput.print(rows) }
            guard !rows.isEmpty else { return Output.line("no open dead letters") }
            var table = TextTable(
                ["service", "id", "consumer", "state", "event", "aggregate", "tries", "since", "error"],
                rightAligned: [1, 6])
            for row in rows {
                table.add(
                    row.service.rawValue, "\(row.letter.id)", row.letter.consumer, row.letter.state, row.letter.type,
                    row.letter.aggregateID, "\(row.letter.attempts)", Age.moment(row.letter.createdAt),
                    String(row.letter.error.prefix(80)))
            }
            table.lines(.standard).forEach { Output.line($0) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One dead letter with its message, as JSON.",
            discussion: """
                EXAMPLES
                  artesanos dead-letters show 12 --service orders
                """)

        @Argument(help: "The dead letter's number.")
        var id: Int64
        @Option(help: "The service whose dead letter it is.")
        var service: ServiceName
        @OptionGroup var options: ConfigurationOptions

        private struct Letter: Encodable {
            let id: Int64
            let consumer: String
            let state: String
            let eventId: UUID?
            let type: String
            let aggregateId: String
            let stream: String
            let sequence: Int64
            let attempts: Int32
            let createdAt: Date
            let resolvedAt: Date?
            let error: String
            /// As it came: a CloudEvent, or text that is none.
            let message: JSONValue
        }

        func run() async throws {
            let letter = try await options.withPool(of: service) { pool in
                try await pool.query(OperationsSQL.deadLetter, id).first.map { row in
                    let payload = try row.get(12, as: [UInt8].self)
                    return Letter(
                        id: try row.get(0), consumer: try row.get(1), state: try row.get(2), eventId: try row.get(3),
                        type: try row.get(4), aggregateId: try row.get(5), stream: try row.get(6),
                        sequence: try row.get(7), attempts: try row.get(8), createdAt: try row.get(9),
                        resolvedAt: try row.get(10), error: try row.get(11),
                        message: (try? JSONDecoder().decode(JSONValue.self, from: Data(payload)))
                            ?? .text(String(decoding: payload, as: UTF8.self)))
                }
            }
            guard let letter else { throw CheckFailed("\(service.rawValue) has no dead letter \(id)") }
            try JSONOutput.print(letter)
        }
    }

    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply a dead letter again, to the one consumer that could not take it.",
            discussion: """
                It is applied here, in the service's own database; the broker plays no part. When it fails again it \
                stays, with the new error, and the exit code is 1.

                EXAMPLES
                  artesanos dead-letters redrive 12 --service orders
                """)

        @Argument(help: "The dead letter's number.")
        var id: Int64
        @Option(help: "The service whose dead letter it is.")
        var service: ServiceName
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let configuration = try options.loadOrDevelopment()
            let outcome = try await options.withPool(of: service) { pool in
                // No hint to the relay: it finds the events at its next look.
                let consumers = try ServiceAssembly.consumers(
                    of: service, pool: pool, configuration: configuration, logger: CommandLogger.quiet)
                do {
                    return try await DeadLetters(pool: pool, consumers: consumers).redrive(id)
                } catch let error as CancellationError {
                    throw error
                } catch {
                    throw CheckFailed("dead letter \(id) failed again: \(error)")
                }
            }
            switch outcome {
            case .applied: Output.line("dead letter \(id) is applied")
            case .hadBeenApplied: Output.line("dead letter \(id) had been applied in another way; it is resolved")
            case .parkedAgain(let reason): throw CheckFailed("dead letter \(id) stays parked: \(reason)")
            case .notFound: throw CheckFailed("\(service.rawValue) has no open dead letter \(id)")
            case .noSuchConsumer(let name):
                throw CheckFailed("dead letter \(id) is of \(name), to which this binary cannot apply it")
            }
        }
    }
}
