import ArgumentParser
import Foundation
import Postgres

/// `benchmarks relay`: our relay beside a C program that does only what cannot be left out.
struct RelayBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Ledger to stream by our relay, beside the limit that a C program sets.",
        discussion: """
            Starts a Postgres and a nats-server of its own. Each measurement is repeated in turns with the C program; \
            the medians count. The C program comes from bench/c (`make bench-relay` builds it).
            """)

    enum Scenario: String, CaseIterable, ExpressibleByArgument {
        /// A backlog, the server's default sync.
        case throughput
        /// The same while another session holds a snapshot.
        case snapshot
        /// A backlog, each acknowledgement synced to disk.
        case durable
        /// From the insert to the stored message, with the wake-up hint and without.
        case latency
        /// The cost of a row behind an empty and behind a large table.
        case growth
        /// CPU time with nothing to do.
        case idle
        /// Peak memory with a backlog, of small rows and of large ones.
        case memory
        /// Throughput over the size of the batches.
        case batches
        /// Latency over the rate.
        case rates
        /// Atomic batches against single publishes, for each size of the batches and both ways of syncing.
        case atomic

        /// What is measured unless it is asked for something else: the figures that have goals.
        static let usual: [Scenario] = [.throughput, .snapshot, .durable, .latency, .growth, .idle, .memory]
    }

    @Option(parsing: .upToNextOption, help: "Which scenarios: \(Scenario.allCases.map(\.rawValue)).")
    var only = Scenario.usual

    @Flag(help: "A tenth of the rows, one repetition: to see that it runs.")
    var quick = false

    @Flag(help: "The figures as JSON instead of the table.")
    var json = false

    @Option(help: "Rows of the backlog, of about 400 bytes each.")
    var rows = 500_000

    @Option(help: "Rows of the backlog where each acknowledgement is synced.")
    var durableRows = 300_000

    @Option(help: "Rows of the large table.")
    var table = 2_000_000

    @Option(help: "Seconds of a latency measurement.")
    var seconds = 10

    @Option(parsing: .upToNextOption, help: "Rates for `rates`, in events a second.")
    var rates = [100, 500, 1_000, 2_000, 5_000]

    @Option(parsing: .upToNextOption, help: "Sizes for `batches` and `atomic`, in rows.")
    var sizes = [1, 10, 32, 64, 100, 250, 500, 1_000]

    @Option(help: "Batches in flight of the relay, and of the C program, where the scenario does not say.")
    var inFlight = 4

    @Option(help: "How often each is measured, in turns; the medians count.")
    var repetitions = 3

    @Option(help: "The C program.")
    var limit = ".build/relay_limit"

    @Flag(help: "Lets the C program send the headers of a fenced relay too: what these cost the server.")
    var fencedLimit = false

    @Flag(help: "Lets the relay publish through libnats, as it does when the connection is encrypted.")
    var throughLibnats = false

    @Option(help: "Where to write the figures as JSON.")
    var output = BenchReport.defaultPath

    func validate() throws {
        guard FileManager.default.isExecutableFile(atPath: limit) else {
            throw ValidationError("--limit: there is no program \(limit); `make bench-relay` builds it")
        }
    }

    func run() async throws {
        var run = RelayScenarios(self)
        try await run.measure(only)
        if json {
            print(String(decoding: try run.report.json(), as: UTF8.self))
        } else {
            print(run.table.lines.joined(separator: "\n"))
        }
    }
}
