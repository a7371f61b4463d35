import ArgumentParser
import Composition
import Foundation
import Logging
import ServiceRuntime
import StripeSandbox

struct StripeSandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stripe-sandbox", abstract: "Run the stand-in for Stripe alone.",
        discussion: """
            It speaks the part of Stripe's API that payments use, with test payment methods (pm_card_visa, \
            pm_card_chargeDeclined, pm_card_authenticationRequired …) and signed webhooks; /_sandbox has its controls. \
            Point STRIPE_BASE_URL at it.

            EXAMPLES
              artesanos stripe-sandbox
              artesanos stripe-sandbox --port 12111 --webhook http://127.0.0.1:8082/webhooks/stripe \\
                --webhook-secret whsec_local
            """)

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"
    @Option(help: "The port; 0 takes a free one.")
    var port = 12111
    @Option(help: ArgumentHelp("A secret key that is let in.", valueName: "sk_…"))
    var key = "sk_test_sandbox"
    @Option(help: ArgumentHelp("Where events are delivered.", valueName: "url"))
    var webhook: String?
    @Option(help: ArgumentHelp("Signs them. STRIPE_WEBHOOK_SECRET unless told otherwise.", valueName: "whsec_…"))
    var webhookSecret: String?
    @Option(help: ArgumentHelp("Keep all objects in this file.", valueName: "file"))
    var journal: String?

    func run() async throws {
        let secret = webhookSecret ?? ProcessInfo.processInfo.environment["STRIPE_WEBHOOK_SECRET"]
        guard webhook == nil || secret?.isEmpty == false else {
            throw UsageFailure("--webhook needs --webhook-secret or STRIPE_WEBHOOK_SECRET to sign with")
        }
        let log = try ArtesanosConfiguration.load().log
        LoggingSystem.bootstrap { label in log.handler(label: label, provider: nil) }
        let logger = Logger(label: "stripe-sandbox")
        let server = try StripeSandboxServer(
            StripeSandboxConfiguration(
                host: host, port: port, secretKeys: [key],
                webhooks: webhook.map { [WebhookEndpoint(url: $0, secrets: [secret ?? ""])] } ?? [],
                journal: journal.map { URL(fileURLWithPath: $0) }),
            logger: logger)
        try await ProcessLifetime([server], shutdownTimeout: .seconds(10), logger: logger).run {
            Output.line("Stripe sandbox at \(try await server.baseURL()), secret key \(key)")
        }
    }
}
