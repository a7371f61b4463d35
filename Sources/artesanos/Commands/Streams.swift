import ArgumentParser
import Composition
import JetStream
import ServiceRuntime

struct Streams: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the broker's streams and consumers to what the file says.",
        discussion: """
            EXAMPLES
              artesanos streams plan --profile production
              artesanos streams apply
              artesanos streams show --json
            """,
        subcommands: [Plan.self, Apply.self, Show.self], defaultSubcommand: Plan.self)

    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what differs from the file. Changes nothing; exit code 1 when something differs.",
            discussion: """
                EXAMPLES
                  artesanos streams plan
                  artesanos streams plan --profile production --json
                """)

        @OptionGroup var source: StreamsSource
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let file = try source.read()
            let plan = try await options.withBroker { connection in
                try await StreamsAdmin(connection, logger: CommandLogger.quiet).plan(file)
            }
            if json { try JSONOutput.print(plan) } else { Output.line(plan.description) }
            guard plan.isEmpty else { throw ExitCode.checkFailed }
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create and change streams and consumers. Doing it again changes nothing.",
            discussion: """
                What would drop messages, forget a consumer's position or stop taking something is refused, and \
                nothing is done then, unless --allow-destructive is given.

                EXAMPLES
                  artesanos streams apply
                  artesanos streams apply --profile production --allow-destructive
                """)

        @OptionGroup var source: StreamsSource
        @Flag(help: "Do also what destroys something.")
        var allowDestructive = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let file = try source.read()
            try await options.withBroker { connection in
                let admin = StreamsAdmin(connection, logger: CommandLogger.quiet)
                let plan = try await admin.plan(file)
                Output.line(plan.description)
                guard !plan.isEmpty else { return }
                do {
                    try await admin.apply(plan, allowDestructive: allowDestructive)
                } catch let refused as StreamsRefused {
                    throw CheckFailed("\(refused)\nallow it with --allow-destructive")
                }
                Output.line("applied")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What the broker holds: streams with their messages, consumers with what waits for them.",
            discussion: """
                EXAMPLES
                  artesanos streams show
                  artesanos streams show --json
                """)

        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let report = try await options.withBroker { connection in
                try await StreamsReport.read(JetStreamContext(connection))
            }
            if json { return try JSONOutput.print(report) }
            report.lines(.standard).forEach { Output.line($0) }
        }
    }
}

/// Which file, and which of its profiles.
struct StreamsSource: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file to take instead of the one that is built in (infra/nats/streams.yaml).", valueName: "file"))
    var file: String?

    @Option(help: "The profile: development or production.")
    var profile = "development"

    func read() throws -> StreamsFile {
        try file.map { try StreamsFile.read($0, profile: profile) } ?? StreamsFile.embedded(profile: profile)
    }
}
