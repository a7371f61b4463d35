import ArgumentParser
import Composition
import JetStream
import Outbox
import ServiceRuntime

/// What comparing a ledger with its stream takes.
struct ReplicaOptions: ParsableArguments {
    @OptionGroup var selection: ServiceSelection
    @Option(help: "The first position; the oldest event that the stream has to have unless told otherwise.")
    var from: Int64?
    @Option(help: "The last position; the last one that was relayed unless told otherwise.")
    var to: Int64?
    @Option(help: "At most so many differences of each service are shown.")
    var limit = 20
    @Flag(help: "Print JSON, with all differences.")
    var json = false
    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if let from, from < 1 { throw ValidationError("--from: \(from) was given; positions begin at 1") }
        if let to, to < (from ?? 1) { throw ValidationError("--to: \(to) was given; expected \(from ?? 1) or more") }
    }

    /// Compares each of the services' ledgers, and does something with what came of it.
    func compare<Result>(
        _ body: (ReplicaCheck, ReplicaReport) async throws -> Result
    ) async throws -> [Result] {
        var results: [Result] = []
        for service in selection.names {
            results.append(
                try await options.withBroker { connection in
                    try await options.withPool(of: service) { pool in
                        let check = ReplicaCheck(service, pool: pool, context: JetStreamContext(connection))
                        let isWatched = !json && Terminal.isErrorTerminal
                        let report = try await check.run(from: from, to: to) { left in
                            if isWatched { Output.progress("\(service.rawValue): \(left) messages to go") }
                        }
                        if isWatched { Output.progress("") }
                        return try await body(check, report)
                    }
                })
        }
        return results
    }
}

extension OutboxCommand {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare ledgers and streams, event by event.",
            discussion: """
                Every relayed event has to be in its stream, once, in order, as it stands in the ledger. Reads only, and \
                may run while events flow. What the relay copied again after the stream had lost it is counted as copies.

                Differences: missing, changed: `artesanos outbox repair` mends them. lostEnd, lostBeginning: the relay \
                copies them again by itself, within seconds. twice, unordered, foreign: somebody else than the relay \
                writes to the stream; consumers apply each event once all the same.

                Exit codes: 0 no difference, 1 a difference, 2 wrong usage or configuration.

                EXAMPLES
                  artesanos outbox verify
                  artesanos outbox verify --service orders --from 1000000 --to 2000000 --json
                """)

        @OptionGroup var replica: ReplicaOptions

        func run() async throws {
            let reports = try await replica.compare { _, report in report }
            if replica.json {
                try JSONOutput.print(reports)
            } else {
                ReplicaReport.table(reports).lines(.standard).forEach { Output.line($0) }
                reports.flatMap { $0.lines(replica.limit) }.forEach { Output.line($0) }
            }
            if reports.contains(where: { !$0.differences.isEmpty }) { throw ExitCode.checkFailed }
        }
    }

    struct Repair: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Mend what `verify` finds: append what a stream lacks to its ledger again.",
            discussion: """
                Same event, same id, a new position: the relay copies it to the stream's end, and consumers that had it \
                know it by its id. The position that the stream lacks is noted among the dead letters, as resolved. \
                Needs the role of the service at the database.

                Exit codes: 0 nothing is left to mend, 1 something is left, 2 wrong usage or configuration.

                EXAMPLES
                  artesanos outbox repair --dry-run
                  artesanos outbox repair --service orders
                """)

        @OptionGroup var replica: ReplicaOptions
        @Flag(help: "Say what would be done, and write nothing.")
        var dryRun = false

        struct Result: Encodable {
            let service: ServiceName
            /// Events that were appended again, or would be.
            let appended: Int
            /// Differences that the relay mends by itself.
            let leftToRelay: Int
            /// Differences that nothing mends.
            let remaining: [ReplicaDifference]
        }

        func run() async throws {
            let results = try await replica.compare { check, report in
                let mendable = report.differences.filter(\.kind.isMendable)
                let appended =
                    dryRun
                    ? Set(mendable.compactMap(\.position)).count : try await check.replica.mend(mendable)
                return Result(
                    service: report.service, appended: appended,
                    leftToRelay: report.differences.count { $0.kind.isMendedByRelay },
                    remaining: report.differences.filter { !$0.kind.isMendable && !$0.kind.isMendedByRelay })
            }
            if replica.json { try JSONOutput.print(results) } else { show(results) }
            if results.contains(where: { !$0.remaining.isEmpty }) { throw ExitCode.checkFailed }
        }

        private func show(_ results: [Result]) {
            for result in results {
                var parts: [String] = []
                if result.appended > 0 {
                    parts.append("\(result.appended) events \(dryRun ? "would be " : "")appended to the ledger again")
                }
                if result.leftToRelay > 0 { parts.append("\(result.leftToRelay) are copied again by the relay itself") }
                if !result.remaining.isEmpty { parts.append("\(result.remaining.count) cannot be mended") }
                let text = parts.isEmpty ? "nothing to mend" : parts.joined(separator: ", ")
                Output.line("\(result.service.rawValue): \(text)")
                for difference in result.remaining.prefix(replica.limit) {
                    Output.line(
                        "  \(difference.kind.rawValue): message \(difference.sequence ?? 0): \(difference.what)")
                }
            }
        }
    }
}
