import ArgumentParser
import Foundation
import Orders

/// What the commands that ask something of a saga share.
struct SagaRequestOptions: ParsableArguments {
    @Argument(help: "The order's id, or the saga's.", transform: SagaCommand.id)
    var id: UUID
    @Flag(help: "Say what would happen, and write nothing.")
    var dryRun = false
    @Option(help: ArgumentHelp("Who it is done for; the system's user unless told otherwise.", valueName: "name"))
    var actor: String?
    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var configuration: ConfigurationOptions
}

extension Saga {
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask again for what the saga waits for, and begin its deadline anew.",
            discussion: """
                Safe at any time: whoever is asked twice does it once and answers twice. The history keeps who asked.
                Exit code 1 when there is nothing to repeat, 2 when the command or the configuration is wrong.

                EXAMPLES
                  artesanos saga retry 0192f3a4-5b6c-7d8e-9f00-112233445566 --dry-run
                  artesanos saga retry 0192f3a4-5b6c-7d8e-9f00-112233445566 --actor olga
                """)

        @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
        var reason: String?
        @OptionGroup var options: SagaRequestOptions

        func run() async throws {
            try await SagaCommand.run(options, reason: reason) { operations, id, request in
                try await operations.retry(id, by: request, isRehearsal: options.dryRun)
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel an order as its customer could, without the limit of time.",
            discussion: """
                Stock is released, or goes back on the shelf when it was sold; the payment is cancelled, or given back when
                it was made. The history keeps who asked and why. Exit code 1 when the order cannot be cancelled, 2 when
                the command or the configuration is wrong.

                EXAMPLES
                  artesanos saga cancel 0192f3a4-5b6c-7d8e-9f00-112233445566 --reason "broken in the kiln" --dry-run
                  artesanos saga cancel 0192f3a4-5b6c-7d8e-9f00-112233445566 --reason "broken in the kiln"
                """)

        @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
        var reason: String
        @OptionGroup var options: SagaRequestOptions

        func validate() throws {
            if reason.trimmingCharacters(in: .whitespaces).isEmpty {
                throw ValidationError("--reason is empty: say why, for whoever reads the history")
            }
        }

        func run() async throws {
            try await SagaCommand.run(options, reason: reason) { operations, id, request in
                try await operations.cancel(id, by: request, isRehearsal: options.dryRun)
            }
        }
    }
}
