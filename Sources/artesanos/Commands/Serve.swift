import ArgumentParser
import Composition
import Logging
import ServiceRuntime

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Host one service or all, each on its own port and database.",
        discussion: """
            Needs the databases (ORDERS_DATABASE_URL …), NATS_URL, JWT_SECRET or JWT_JWKS_FILE and, for payments, \
            STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET. SIGTERM or SIGINT stops gracefully: what runs is finished, for \
            SHUTDOWN_TIMEOUT at most; a second signal cancels it.

            EXAMPLES
              artesanos serve orders
              artesanos serve all --with-relay
              artesanos serve payments --config payments.env
            """)

    @Argument(help: "orders, payments, inventory or all.")
    var what: Hosted

    @Flag(help: "Run the relays of these services in this process too.")
    var withRelay = false

    @OptionGroup var options: ConfigurationOptions

    enum Hosted: String, ExpressibleByArgument, CaseIterable {
        case orders, payments, inventory, all

        var services: [ServiceName] { ServiceName(rawValue: rawValue).map { [$0] } ?? ServiceName.allCases }
    }

    func run() async throws {
        let given = try options.load()
        let telemetry = Telemetry.bootstrap(given)
        var system = SystemAssembly(
            hosted: what.services, relayed: withRelay ? what.services : [], configuration: given,
            telemetry: telemetry, logger: Logger(label: "artesanos"))
        system.configuration = try options.load(requiring: system.requirements)
        try await system.run()
    }
}

extension SystemAssembly {
    /// Runs until a signal asks for the end.
    func run() async throws {
        let connection = try await connect()
        try await ProcessLifetime(
            try await services(on: connection), shutdownTimeout: configuration.shutdownTimeout, logger: logger
        ).run()
        logger.info("stopped")
    }
}
