import Composition
import Foundation
import ServiceRuntime
import StripeSandbox

/// Where the parts of a development system will be, and how they are configured: decided before anything is started.
struct DevelopmentPlan: Sendable {
    let postgresPort: Int
    let natsPort: Int
    let relayPort: Int
    /// Nil when payments talk to Stripe itself.
    let sandbox: StripeSandboxConfiguration?
    private let ports: [ServiceName: Int]
    private let environment: [String: String]

    /// Settings that another command needs to know of a running system, beside where things are.
    private static let published = ["SAGA_STOCK_DEADLINE", "SAGA_PAYMENT_MARGIN", "RESERVATION_TTL"]

    /// - Parameter isTemporary: any free ports, so that nothing collides with a system that runs.
    init(
        _ chooser: inout PortChooser, folder: DevelopmentFolder, environment: [String: String], isTemporary: Bool
    ) throws {
        func usual(_ port: Int) -> Int? { isTemporary ? nil : port }
        let defaults = HTTPConfiguration(ordersPort: 8081, paymentsPort: 8082, inventoryPort: 8083)
        var ports: [ServiceName: Int] = [:]
        for service in ServiceName.allCases {
            ports[service] = try chooser.port(
                Self.portSetting(service), usual: defaults.port(of: service.rawValue).flatMap(usual))
        }
        self.ports = ports
        relayPort = try chooser.port("RELAY_PORT", usual: usual(RelayPort.usual))
        postgresPort = try chooser.port("DEV_POSTGRES_PORT")
        natsPort = try chooser.port("DEV_NATS_PORT")

        var environment = environment
        environment["HOST"] = environment["HOST"] ?? "127.0.0.1"
        for (service, port) in ports { environment[Self.portSetting(service)] = "\(port)" }
        if environment["JWT_SECRET"]?.isEmpty ?? true {
            environment["JWT_SECRET"] = try DevelopmentSecret.keep(at: folder.jwtSecret)
        }
        if environment["STRIPE_API_KEY"]?.isEmpty ?? true {
            let port = try chooser.port("STRIPE_SANDBOX_PORT", usual: usual(12111))
            let secret = try DevelopmentSecret.keep(at: folder.webhookSecret, prefix: "whsec_")
            let payments = ports[.payments] ?? defaults.paymentsPort
            let sandbox = StripeSandboxConfiguration(
                port: port,
                webhooks: [
                    WebhookEndpoint(
                        url: "http://127.0.0.1:\(payments)/webhooks/stripe", secrets: [secret],
                        enabledEvents: ServiceAssembly.stripeEvents)
                ],
                // What is deleted at the end anyway is not worth writing.
                journal: isTemporary ? nil : folder.sandboxJournal)
            environment["STRIPE_API_KEY"] = sandbox.secretKeys.first
            environment["STRIPE_WEBHOOK_SECRET"] = secret
            environment["STRIPE_BASE_URL"] = "http://127.0.0.1:\(port)"
            environment["STRIPE_LIVEMODE"] = "false"
            self.sandbox = sandbox
        } else {
            sandbox = nil
        }
        self.environment = environment
    }

    /// The configuration of the services on these servers.
    func configuration(_ servers: PrivateServers) throws -> ArtesanosConfiguration {
        let services = SystemAssembly.requirements(hosted: ServiceName.allCases, relayed: ServiceName.allCases)
        return try ArtesanosConfiguration.load(
            environment: environment.merging(servers.settings) { $1 }, requiring: services)
    }

    /// What other commands are told.
    func state(_ servers: PrivateServers, _ configuration: ArtesanosConfiguration) -> DevelopmentState {
        var settings = servers.settings
        for (service, port) in ports { settings[Self.portSetting(service)] = "\(port)" }
        settings["RELAY_PORT"] = "\(relayPort)"
        for name in Self.published { settings[name] = environment[name] }
        return DevelopmentState(
            pid: ProcessInfo.processInfo.processIdentifier, startedAt: Date(), settings: settings,
            services: Dictionary(
                uniqueKeysWithValues: ports.map { ($0.key.rawValue, "http://127.0.0.1:\($0.value)") }),
            relay: "http://127.0.0.1:\(relayPort)", sandbox: sandbox.map { "http://127.0.0.1:\($0.port)" })
    }

    private static func portSetting(_ service: ServiceName) -> String { "\(service.rawValue.uppercased())_PORT" }
}
