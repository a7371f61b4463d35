import ArgumentParser
import Composition
import Inventory
import Outbox
import ServiceRuntime

struct Seed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put the sample catalogue on the shelf: a few craft pieces with stock.",
        discussion: """
            For development and demonstrations. A piece that is there already stays as it is, with its stock. \
            `artesanos dev` does this by itself.

            EXAMPLES
              artesanos seed
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.loadOrDevelopment()
        let count = try await options.withPool(of: .inventory) { pool in
            // No hint to the relay: it finds the events at its next look.
            let environment = ServiceEnvironment(
                pool: pool, outbox: OutboxWriter(stream: ServiceName.inventory.stream, hint: Wakeup()),
                jobs: JobQueue(), logger: CommandLogger.quiet)
            return try await CatalogueSeed.apply(
                to: environment, configuration: ServiceAssembly.inventory(configuration))
        }
        Output.line("\(count) pieces are new, \(CatalogueSeed.pieces.count - count) were there already")
    }
}
