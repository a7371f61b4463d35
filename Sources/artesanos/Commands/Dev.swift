import ArgumentParser
import Composition
import Foundation
import Logging
import ServiceRuntime

struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run everything on this machine, in one process.",
        discussion: """
            A private Postgres and nats-server, Stripe's stand-in (unless STRIPE_API_KEY is set), databases, streams, a \
            small catalogue, all services and the relays. The data stays in the folder (--dev); the log is in \
            logs/artesanos.log there. Ports: ORDERS_PORT, PAYMENTS_PORT, INVENTORY_PORT, RELAY_PORT, \
            DEV_POSTGRES_PORT, DEV_NATS_PORT, STRIPE_SANDBOX_PORT; free ones where the usual ones are taken. Ctrl-C \
            stops everything.

            EXAMPLES
              artesanos dev
              artesanos dev --verbose
              SAGA_STOCK_DEADLINE=5s RESERVATION_TTL=30s SAGA_PAYMENT_MARGIN=5s artesanos dev
            """)

    @Flag(name: .shortAndLong, help: "Show the whole log here too.")
    var verbose = false

    @Option(help: ArgumentHelp("The folder that keeps everything.", valueName: "folder"))
    var dev: String = ".dev"

    func run() async throws {
        let folder = DevelopmentFolder(dev)
        let telemetry = try DevelopmentLog.bootstrap(folder, isVerbose: verbose)
        let system = DevelopmentSystem(folder: folder, telemetry: telemetry, logger: Logger(label: "artesanos"))
        Output.line("Starting; the data is in \(folder.shownPath), the log in \(DevelopmentFolder.shown(folder.log))")
        let began = ContinuousClock.now
        try await system.run { running in
            let token = try await DevelopmentTokens(running.configuration).token(.customer, "maria")
            let welcome = Welcome(running: running, folder: folder, token: token)
            Output.line(welcome.text(.standard, startedWithin: ContinuousClock.now - began))
        }
        Output.line("Stopped; `artesanos dev` goes on from here")
    }
}

/// Tokens for whoever uses the development system.
struct DevelopmentTokens: Sendable {
    private let auth: AuthConfiguration

    init(_ configuration: ArtesanosConfiguration) {
        auth = configuration.auth
    }

    func token(_ role: Role, _ subject: String) async throws -> String {
        guard let secret = auth.secrets.first else { throw UsageFailure("JWT_SECRET is not set") }
        return try await TokenIssuer(secret: secret, issuer: auth.issuer, audience: auth.audience)
            .token(subject: subject, role: role)
    }
}
