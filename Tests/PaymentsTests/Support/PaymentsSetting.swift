import CoreMetrics
import Foundation
import Hummingbird
import Logging
import NIOCore
import Outbox
import Postgres
import Schema
import ServiceRuntime
import StripeSandbox
import TestSupport
import Testing

@testable import Payments

/// The whole service on a real database, against the sandbox, which delivers its webhooks to the service's own endpoint.
struct PaymentsSetting: Sendable {
    let service: PaymentsService
    let pool: PostgresPool
    let jobs: JobQueue
    let sandbox: StripeSandboxServer
    /// Where the service listens.
    let url: String
    let issuer: TokenIssuer

    struct Options: Sendable {
        var sandbox = StripeSandboxConfiguration(
            webhookRetry: WebhookRetry(first: .milliseconds(20), cap: .milliseconds(200)),
            settleDelay: .milliseconds(20))
        /// Whether the sandbox delivers webhooks.
        var hasWebhooks = true
        var style = WebhookEndpoint.Style.snapshot
        /// Whether jobs are run.
        var runsJobs = true
        /// Whether Stripe's events and open payments are looked through.
        var reconciles = false
        /// Where the service's metrics go; nil: nowhere.
        var metrics: PrometheusRegistry?
        var logger = Logger.test
        var configure: @Sendable (inout PaymentsConfiguration) -> Void = { _ in }
        /// Stands between the runner and each job.
        var wrap: @Sendable (any JobHandler) -> any JobHandler = { $0 }

        /// Nothing comes but what the test sends, and nothing is done but what it lets run.
        static var quiet: Options {
            var options = Options()
            options.hasWebhooks = false
            options.runsJobs = false
            return options
        }
    }

    static let secret = "whsec_of_the_tests"
    private static let tokenSecret = "a secret of the tests, of 32 bytes and more"

    /// Runs `body` with a service of its own.
    static func run(
        _ options: Options = Options(), _ body: (PaymentsSetting) async throws -> Void
    ) async throws {
        await Gate.shared.enter()
        do {
            if let metrics = options.metrics {
                try await withMetricsFactory(metrics) { try await runAlone(options, body) }
            } else {
                try await runAlone(options, body)
            }
        } catch {
            await Gate.shared.leave()
            throw error
        }
        await Gate.shared.leave()
    }

    private static func runAlone(
        _ options: Options, _ body: (PaymentsSetting) async throws -> Void
    ) async throws {
        let database = try await TestDatabase.make(SchemaCatalog.payments)
        let pool = database.pool(size: 16)
        do {
            try await StripeSandboxServer.withServer(options.sandbox) { sandbox in
                try await run(options, pool: pool, sandbox: sandbox, body)
            }
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private static func run(
        _ options: Options, pool: PostgresPool, sandbox: StripeSandboxServer,
        _ body: (PaymentsSetting) async throws -> Void
    ) async throws {
        let jobs = JobQueue()
        let environment = ServiceEnvironment(
            pool: pool, outbox: OutboxWriter(stream: "payments", hint: Wakeup()), jobs: jobs,
            logger: options.logger)
        var configuration = PaymentsConfiguration(
            stripe: StripeClientConfiguration(
                apiKey: "sk_test_sandbox", baseURL: try await sandbox.baseURL(), requestTimeout: .seconds(2),
                retry: StripeRetryPolicy(maxRetries: 1, base: .milliseconds(5), cap: .milliseconds(20)),
                limits: StripeGateLimits(firstPause: .milliseconds(50), longestPause: .milliseconds(200))),
            webhookSecrets: [secret], callRetryBase: .milliseconds(20), callRetryCap: .milliseconds(100),
            reconcileInterval: .milliseconds(100), reconcileAfter: .milliseconds(300), eventOverlap: .seconds(5))
        options.configure(&configuration)
        let service = PaymentsService(environment: environment, configuration: configuration)
        let runner = JobRunner(
            service.jobs.map(options.wrap), queue: jobs, pool: pool, poll: .milliseconds(20), logger: options.logger)
        let authenticator = try await Authenticator(AuthConfiguration(secrets: [tokenSecret]))
        let issuer = await TokenIssuer(secret: tokenSecret)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var quiet = Logger(label: "test")
        quiet.logLevel = .critical
        let application = Application(
            router: HTTPLayers(service: "payments", authenticator: authenticator, logger: options.logger)
                .router { service.addRoutes(to: $0) },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        try await withService(application) {
            var port = 0
            for await bound in ports {
                port = bound
                break
            }
            let setting = PaymentsSetting(
                service: service, pool: pool, jobs: jobs, sandbox: sandbox, url: "http://127.0.0.1:\(port)",
                issuer: issuer)
            if options.hasWebhooks { try setting.hearWebhooks(style: options.style) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                if options.runsJobs { group.addTask { try await runner.run() } }
                if options.reconciles {
                    for kind in [PaymentJobKind.reconcileEvents, PaymentJobKind.reconcileOpen] {
                        try await jobs.ensure(kind, key: kind, on: pool)
                    }
                }
                try await body(setting)
            }
        }
    }

    private func hearWebhooks(style: WebhookEndpoint.Style) throws {
        try sandbox.setWebhooks([
            WebhookEndpoint(
                url: "\(url)/webhooks/stripe", secrets: [Self.secret], enabledEvents: ["*"], style: style)
        ])
    }

    // MARK: What the other services say

    /// Applies events as the consumers would, each in a transaction of its own.
    @discardableResult
    func hear(_ events: InboundEvent...) async throws -> [HandlerOutcome] {
        var outcomes: [HandlerOutcome] = []
        for event in events {
            guard let consumer = service.consumers.first(where: { $0.stream == event.stream }) else { continue }
            outcomes.append(
                try await pool.withTransaction { transaction in
                    try await consumer.handler.handle(event, in: transaction)
                })
        }
        return outcomes
    }

    /// An order whose stock is reserved.
    func place(_ order: TestOrder) async throws {
        try await hear(order.created(), order.reserved())
    }

    // MARK: What can be seen

    struct Told: Decodable, Sendable, Hashable {
        struct Amount: Decodable, Sendable, Hashable {
            let amount: Int64
            let currency: String
        }

        let orderId: UUID
        let sagaId: UUID
        let status: String?
        let reason: String?
        let final: Bool?
        let attempts: Int?
        let paymentIntentId: String?
        let amount: Amount?
    }

    private static let ledger: Statement = """
        select subject, event -> 'data' from outbox where aggregate_id = $1::text order by position
        """

    /// What the service told the others about an order.
    func told(_ order: TestOrder) async throws -> [(type: String, data: Told)] {
        try await pool.query(Self.ledger.bind(order.id.lowercased)).map { row in
            (
                try row.get(0, as: String.self),
                try AppJSON.decode(Told.self, from: try row.get(1, as: [UInt8].self))
            )
        }
    }

    func types(_ order: TestOrder) async throws -> [String] {
        try await told(order).map { String($0.type.dropFirst("payment.".count).dropLast(".v1".count)) }
    }

    func payment(_ order: TestOrder) async throws -> Payment? {
        try await pool.withTransaction { transaction in
            try await transaction.query(PaymentSQL.lockByOrder.bind([order.id])).first.map(PaymentStore.payment)
        }
    }

    /// Waits until the payment has a status.
    func reach(_ order: TestOrder, _ status: PaymentStatus) async throws -> Payment {
        var last: Payment?
        try await eventually("the payment is \(status.rawValue)", within: .seconds(20)) {
            last = try await payment(order)
            return last?.status == status
        }
        return try #require(last)
    }

    /// Waits until the service has told this, in this order.
    func expectTold(_ order: TestOrder, _ types: String...) async throws {
        do {
            try await eventually("told \(types)", within: .seconds(20)) { try await self.types(order) == types }
        } catch {
            Issue.record("told \(try await self.types(order)), expected \(types)")
            throw error
        }
    }

    /// The one number that a query gives.
    func number(_ statement: Statement) async throws -> Int64 {
        try await pool.query(statement.bind()).first?.get(0, as: Int64.self) ?? -1
    }

    func token(_ subject: String, _ role: Role) async throws -> String {
        try await issuer.token(subject: subject, role: role)
    }
}
