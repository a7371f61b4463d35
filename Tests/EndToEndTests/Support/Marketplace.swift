import Composition
import Foundation
import Inventory
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import ServiceLifecycle
import ServiceRuntime
import StripeSandbox
import TestSupport

@testable import artesanos

/// A whole marketplace for one test: fresh databases, a nats-server and a Stripe sandbox of its own, and as many of the
/// services and relays as the test starts, composed as the command composes them.
final class Marketplace: Sendable {
    let nats: LocalNATS
    let sandbox: StripeSandboxServer
    /// For looking at what the services have written.
    let databases: [ServiceName: PostgresPool]
    /// Where the services are, by name.
    let serviceURLs: [String: String]
    let client: ServiceClient
    /// The settings of the services, for those that run as a process of their own.
    let environment: [String: String]
    let customer: String
    let operations: String
    private let connection: NATSConnection
    let configuration: ArtesanosConfiguration

    static let webhookSecret = "whsec_end_to_end"

    /// What ends by itself only in tests that say so: a machine that others share may stand still for seconds.
    private static let patience = [
        "SAGA_STOCK_DEADLINE": "1h", "SAGA_ANSWER_DEADLINE": "1h", "SAGA_RESCUE_DEADLINE": "1h",
        "DATABASE_ACQUIRE_TIMEOUT": "60s", "SHUTDOWN_TIMEOUT": "600s",
    ]

    private init(
        nats: LocalNATS, sandbox: StripeSandboxServer, databases: [ServiceName: PostgresPool],
        environment: [String: String]
    ) async throws {
        self.nats = nats
        self.sandbox = sandbox
        self.databases = databases
        self.environment = environment
        configuration = try ArtesanosConfiguration.load(environment: environment)
        serviceURLs = Dictionary(
            uniqueKeysWithValues: ServiceName.allCases.map {
                ($0.rawValue, "http://127.0.0.1:\(environment["\($0.rawValue.uppercased())_PORT"] ?? "")")
            })
        client = ServiceClient(serviceURLs, timeout: .seconds(120))
        connection = try await NATSConnection.connect(.patient([nats.url]), logger: .test)
        let issuer = await TokenIssuer(secret: configuration.auth.secrets[0])
        customer = try await issuer.token(subject: "maria", role: .customer)
        operations = try await issuer.token(subject: "ana", role: .ops)
    }

    /// Sets everything up, starts the services named with all relays, runs the test, and takes everything down.
    /// - Parameter settings: over the defaults, such as short deadlines.
    static func run(
        hosting services: [ServiceName] = ServiceName.allCases, settings: [String: String] = [:],
        _ body: (Marketplace) async throws -> Void
    ) async throws {
        var environment = patience.merging(settings) { $1 }
        environment["JWT_SECRET"] = "a secret of the end-to-end tests only"
        environment["STRIPE_API_KEY"] = "sk_test_sandbox"
        environment["STRIPE_WEBHOOK_SECRET"] = webhookSecret
        environment["DATABASE_POOL_SIZE"] = "12"
        var databases: [ServiceName: PostgresPool] = [:]
        for service in ServiceName.allCases {
            let database = try await TestDatabase.make(service.migrations)
            databases[service] = database.pool(size: 2)
            environment["\(service.rawValue.uppercased())_DATABASE_URL"] = database.url
            environment["\(service.rawValue.uppercased())_PORT"] = "\(try RandomPort.next())"
        }
        let nats = try await LocalNATS.start()
        environment["NATS_URL"] = nats.url
        let webhook = WebhookEndpoint(
            url: "http://127.0.0.1:\(environment["PAYMENTS_PORT"] ?? "")/webhooks/stripe", secrets: [webhookSecret],
            enabledEvents: ServiceAssembly.stripeEvents)
        do {
            try await StripeSandboxServer.withServer(.init(webhooks: [webhook]), logger: .test) { sandbox in
                environment["STRIPE_BASE_URL"] = try await sandbox.baseURL()
                let marketplace = try await Marketplace(
                    nats: nats, sandbox: sandbox, databases: databases, environment: environment)
                try await marketplace.setUp()
                if services.isEmpty {
                    try await body(marketplace)
                } else {
                    try await marketplace.withServices(services, relaying: ServiceName.allCases) {
                        try await marketplace.untilOrdersCanBePlaced()
                        try await body(marketplace)
                    }
                }
                await marketplace.connection.close()
            }
        } catch {
            await close(databases, nats)
            throw error
        }
        await close(databases, nats)
    }

    private static func close(_ databases: [ServiceName: PostgresPool], _ nats: LocalNATS) async {
        for pool in databases.values { await pool.close() }
        await nats.stop()
    }

    /// Streams and catalogue, as the development command does it.
    private func setUp() async throws {
        try await applyStreams()
        _ = try await CatalogueSeed.apply(
            to: ServiceEnvironment(
                pool: pool(.inventory), outbox: OutboxWriter(stream: "inventory", hint: Wakeup()), jobs: JobQueue(),
                logger: .test))
    }

    /// Makes the streams and consumers that are missing.
    func applyStreams() async throws {
        let file = try StreamsFile.embedded()
        let admin = StreamsAdmin(connection, logger: .test)
        try await admin.apply(try await admin.plan(file))
    }

    /// Runs services and relays of this process for as long as `body` runs, and stops them gracefully.
    func withServices(
        _ hosted: [ServiceName], relaying relayed: [ServiceName] = [], _ body: () async throws -> Void
    ) async throws {
        let system = SystemAssembly(
            hosted: hosted, relayed: relayed, configuration: configuration, telemetry: Telemetry(), logger: .test)
        let connection = try await system.connect()
        let group = ServiceGroup(
            configuration: .init(services: try await system.services(on: connection), logger: .test))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                for service in hosted {
                    try await eventually("\(service.rawValue) is ready", within: .seconds(60)) {
                        await self.client.isReady(service)
                    }
                }
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                // Services that have ended say why the test could not go on.
                try await tasks.waitForAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// The order service has the catalogue's prices.
    func untilOrdersCanBePlaced() async throws {
        try await eventually("the catalogue is replicated", within: .seconds(60)) {
            try await self.count("select count(*) from catalogue_product", in: .orders) == CatalogueSeed.pieces.count
        }
    }

    func pool(_ service: ServiceName) throws -> PostgresPool {
        guard let pool = databases[service] else { throw NoSuchDatabase() }
        return pool
    }

    private struct NoSuchDatabase: Error {}

    var jetStream: JetStreamContext { JetStreamContext(connection, timeout: .seconds(60)) }
    var broker: NATSConnection { connection }

    /// The first column of the first row, as a number.
    func count(_ statement: Statement, _ values: (any PostgresEncodable)?..., in service: ServiceName) async throws
        -> Int
    {
        let rows = try await pool(service).query(statement.bind(values: values))
        return Int(try rows.first?.get(0, as: Int64.self) ?? 0)
    }

    /// The first column of all rows, as text.
    func texts(_ statement: Statement, _ values: (any PostgresEncodable)?..., in service: ServiceName) async throws
        -> [String]
    {
        try await pool(service).query(statement.bind(values: values)).map { try $0.get(0, as: String.self) }
    }
}
