import ArgumentParser
import Foundation
import Orders

extension Saga {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One saga: where it is, what it waits for, what can be done, and its whole history.",
            discussion: """
                EXAMPLES
                  artesanos saga show 0192f3a4-5b6c-7d8e-9f00-112233445566
                """)

        @Argument(help: "The order's id, or the saga's.", transform: SagaCommand.id)
        var id: UUID
        @Flag(help: "Taken as by the other commands; this one only reads.")
        var dryRun = false
        @Flag(help: "Print JSON.")
        var json = false
        @OptionGroup var options: ConfigurationOptions

        private struct Shown: Encodable {
            let saga: SagaReport
            let explanation: SagaExplanation
        }

        func run() async throws {
            try await SagaCommand.withOperations(options) { operations, pool in
                guard let saga = try await SagaReport.read(id, pool),
                    let (explanation, now) = try await operations.explain(saga.orderId)
                else { throw CheckFailed("there is no order and no saga \(id.uuidString.lowercased())") }
                if json { return try JSONOutput.print(Shown(saga: saga, explanation: explanation)) }
                Output.line(explanation.text(now: now))
                saga.lines(.standard).forEach { Output.line($0) }
            }
        }
    }
}
