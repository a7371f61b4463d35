import ArgumentParser
import Composition
import Foundation
import Outbox

extension OutboxCommand {
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Append events to a ledger again, for everyone: an event, an aggregate, or a range of positions.",
            discussion: """
                Same event, same id, a new position at the end. Consumers that had an event know it by its id and do \
                nothing; so this is for a consumer that is new, or whose stream no longer had the event. What one \
                consumer could not apply is `artesanos dead-letters redrive`. Needs the role of the service at the \
                database.

                Exit codes: 0 appended, 1 nothing was found or too much, 2 wrong usage or configuration.

                EXAMPLES
                  artesanos outbox replay --service orders --event 0192f3a4-5b6c-7d8e-9f00-112233445566
                  artesanos outbox replay --service orders --aggregate 0192f3a4-0000-7000-8000-000000000001 --dry-run
                  artesanos outbox replay --service orders --from 4711 --to 4811
                """)

        @Option(help: "The service whose ledger it is.")
        var service: ServiceName
        @Option(help: "One event, by its id.")
        var event: String?
        @Option(help: "All events of one aggregate, by its id.")
        var aggregate: String?
        @Option(help: "With --to: the first position.")
        var from: Int64?
        @Option(help: "With --from: the last position.")
        var to: Int64?
        @Option(help: "Refuse to append more than so many.")
        var limit = 10_000
        @Flag(help: "Show which events it would be, and write nothing.")
        var dryRun = false
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func validate() throws { _ = try selection() }

        private struct Result: Encodable {
            let service: ServiceName
            let appended: Int
            let isRehearsal: Bool
            let events: [LedgerReplay.Candidate]
        }

        func run() async throws {
            let selection = try selection()
            let result = try await options.withPool(of: service) { pool in
                let replay = LedgerReplay(pool: pool)
                let found = try await replay.candidates(selection, limit: limit + 1)
                guard !found.isEmpty else { throw CheckFailed("the ledger of \(service.rawValue) has no such event") }
                guard found.count <= limit else {
                    throw CheckFailed("more than \(limit) events: choose fewer, or raise --limit")
                }
                try Self.checkAge(found)
                let appended = dryRun ? 0 : try await replay.append(found)
                return Result(service: service, appended: appended, isRehearsal: dryRun, events: found)
            }
            if json { return try JSONOutput.print(result) }
            guard dryRun else {
                return Output.line("\(result.appended) events appended to the ledger of \(service.rawValue) again")
            }
            var table = TextTable(["position", "subject", "aggregate", "made", "event"], rightAligned: [0])
            for event in result.events {
                table.add(
                    "\(event.position)", event.subject, event.aggregateId, Age.moment(event.madeAt),
                    event.eventId.lowercased)
            }
            table.lines(.standard).forEach { Output.line($0) }
        }

        private func selection() throws -> LedgerReplay.Selection {
            switch (event, aggregate, from, to) {
            case (let text?, nil, nil, nil):
                guard let id = UUID(uuidString: text) else {
                    throw ValidationError("--event: \"\(text)\" was given; expected a UUID")
                }
                return .event(id)
            case (nil, let id?, nil, nil):
                return .aggregate(id)
            case (nil, nil, let from?, let to?):
                guard 1...to ~= from else {
                    throw ValidationError("--from \(from) --to \(to): expected two positions, the lower one first")
                }
                return .positions(from...to)
            default:
                throw ValidationError("give --event, or --aggregate, or --from and --to")
            }
        }

        /// An inbox forgets in the end; then an event would have its effect a second time.
        private static func checkAge(_ events: [LedgerReplay.Candidate]) throws {
            let oldest = Date() - (UpkeepJob.inboxRetention - .days(1)) / .seconds(1)
            guard let old = events.first(where: { $0.madeAt < oldest }) else { return }
            throw CheckFailed(
                "position \(old.position) is of \(Age.moment(old.madeAt)): consumers may have forgotten that they "
                    + "applied it, and would apply it again")
        }
    }
}
