import Configuration
public import JetStream
public import Postgres

/// Everything that can be configured, read once at start and checked as a whole. docs/configuration.md lists the keys.
public struct ArtesanosConfiguration: Sendable {
    public var http: HTTPConfiguration
    public var database: DatabaseConfiguration
    public var nats: NATSConfiguration
    public var auth: AuthConfiguration
    public var stripe: StripeConfiguration
    public var saga: SagaConfiguration
    public var reservation: ReservationConfiguration
    public var notification: NotificationSettings
    public var payment: PaymentConfiguration
    public var relay: RelaySettings
    public var log: LogConfiguration
    /// Share of new traces that are sampled, 0 to 1.
    public var traceSampleRatio: Double
    /// Where spans are to be exported; nil: nowhere.
    public var otlpEndpoint: String?
    /// How long a graceful stop may take before what still runs is cancelled.
    public var shutdownTimeout: Duration

    /// What a command cannot do without.
    public enum Requirement: Sendable, Hashable {
        /// The database of a service: `orders`, `payments` or `inventory`.
        case database(String)
        /// A secret or a key set for access tokens.
        case tokens
        /// A key and webhook secrets for Stripe.
        case stripe
    }
}

/// Where the services listen.
public struct HTTPConfiguration: Sendable {
    public var host: String
    public var ordersPort: Int
    public var paymentsPort: Int
    public var inventoryPort: Int

    public init(
        host: String = "127.0.0.1", ordersPort: Int = 8081, paymentsPort: Int = 8082, inventoryPort: Int = 8083
    ) {
        self.host = host
        self.ordersPort = ordersPort
        self.paymentsPort = paymentsPort
        self.inventoryPort = inventoryPort
    }

    /// The port of a service by its name; nil for an unknown one.
    public func port(of service: String) -> Int? {
        switch service {
        case "orders": ordersPort
        case "payments": paymentsPort
        case "inventory": inventoryPort
        default: nil
        }
    }
}

/// Where the services keep their state.
public struct DatabaseConfiguration: Sendable {
    public var ordersURL: String?
    public var paymentsURL: String?
    public var inventoryURL: String?
    /// Connections of each service.
    public var poolSize: Int
    public var acquireTimeout: Duration
    public var statementTimeout: Duration

    public init(
        ordersURL: String? = nil, paymentsURL: String? = nil, inventoryURL: String? = nil, poolSize: Int = 24,
        acquireTimeout: Duration = .seconds(5), statementTimeout: Duration = .seconds(30)
    ) {
        self.ordersURL = ordersURL
        self.paymentsURL = paymentsURL
        self.inventoryURL = inventoryURL
        self.poolSize = poolSize
        self.acquireTimeout = acquireTimeout
        self.statementTimeout = statementTimeout
    }

    /// The connection string of a service by its name; nil when it is not configured.
    public func url(of service: String) -> String? {
        switch service {
        case "orders": ordersURL
        case "payments": paymentsURL
        case "inventory": inventoryURL
        default: nil
        }
    }

    /// How a service connects to its database; nil when that is not configured.
    public func postgres(of service: String) -> PostgresConfiguration? {
        url(of: service).map {
            PostgresConfiguration($0, applicationName: "artesanos-\(service)", statementTimeout: statementTimeout)
        }
    }
}

/// How payments talk to Stripe.
public struct StripeConfiguration: Sendable {
    /// Nil: the sandbox stands in.
    public var apiKey: String?
    /// Any of them may have signed a webhook.
    public var webhookSecrets: [String]
    public var baseURL: String
    /// Events of the other mode are refused.
    public var livemode: Bool
    /// Requests under way at once.
    public var concurrency: Int
    /// Requests a second; 0: no limit; nil: as the key and the server say.
    public var rate: Int?
    /// Failures in a row after which nothing is asked for a while; 0: always asked.
    public var circuitFailures: Int
    /// The longest such while.
    public var circuitPause: Duration

    public init(
        apiKey: String? = nil, webhookSecrets: [String] = [], baseURL: String = "https://api.stripe.com",
        livemode: Bool = false, concurrency: Int = 16, rate: Int? = nil, circuitFailures: Int = 5,
        circuitPause: Duration = .seconds(30)
    ) {
        self.apiKey = apiKey
        self.webhookSecrets = webhookSecrets
        self.baseURL = baseURL
        self.livemode = livemode
        self.concurrency = concurrency
        self.rate = rate
        self.circuitFailures = circuitFailures
        self.circuitPause = circuitPause
    }
}

/// The order saga's deadlines.
public struct SagaConfiguration: Sendable {
    /// How long an order waits for stock before it fails.
    public var stockDeadline: Duration
    /// How long before the reservation expires the payment's deadline is.
    public var paymentMargin: Duration
    /// How much longer an overdue payment is waited for while Stripe processes it.
    public var paymentExtension: Duration
    /// How often it is waited for longer.
    public var maxExtensions: Int
    /// How long payments has to say how an overdue payment ended, before it is asked again.
    public var answerDeadline: Duration
    /// The longest of these pauses.
    public var answerDeadlineCap: Duration
    /// How long inventory has to find stock for money that came late.
    public var rescueDeadline: Duration
    /// How long a saga may run in all, extensions included.
    public var totalDeadline: Duration
    /// How long an undo may take before it is asked for again.
    public var compensationDeadline: Duration
    /// The longest pause between questions about an undo.
    public var compensationDeadlineCap: Duration
    /// For how long after its confirmation a customer can cancel an order; zero: not at all.
    public var cancellationWindow: Duration

    public init(
        stockDeadline: Duration = .seconds(30), paymentMargin: Duration = .seconds(60),
        paymentExtension: Duration = .seconds(300), maxExtensions: Int = 3, answerDeadline: Duration = .seconds(15),
        answerDeadlineCap: Duration = .seconds(300), rescueDeadline: Duration = .seconds(60),
        totalDeadline: Duration = .seconds(7_200), compensationDeadline: Duration = .seconds(300),
        compensationDeadlineCap: Duration = .seconds(3_600), cancellationWindow: Duration = .seconds(1_800)
    ) {
        self.stockDeadline = stockDeadline
        self.paymentMargin = paymentMargin
        self.paymentExtension = paymentExtension
        self.maxExtensions = maxExtensions
        self.answerDeadline = answerDeadline
        self.answerDeadlineCap = answerDeadlineCap
        self.rescueDeadline = rescueDeadline
        self.totalDeadline = totalDeadline
        self.compensationDeadline = compensationDeadline
        self.compensationDeadlineCap = compensationDeadlineCap
        self.cancellationWindow = cancellationWindow
    }
}

/// How long stock is held.
public struct ReservationConfiguration: Sendable {
    /// For an order that is not paid.
    public var ttl: Duration
    /// At most, while a payment is being processed.
    public var maxHold: Duration

    public init(ttl: Duration = .seconds(900), maxHold: Duration = .seconds(3_600)) {
        self.ttl = ttl
        self.maxHold = maxHold
    }
}

/// Where artisans' notifications are posted.
public struct NotificationSettings: Sendable {
    /// Nil: they are only logged.
    public var webhookURL: String?
    /// Each signs.
    public var webhookSecrets: [String]

    public init(webhookURL: String? = nil, webhookSecrets: [String] = []) {
        self.webhookURL = webhookURL
        self.webhookSecrets = webhookSecrets
    }
}

/// How payments are tried.
public struct PaymentConfiguration: Sendable {
    /// How often a customer may try before the payment fails for good.
    public var maxTries: Int

    public init(maxTries: Int = 3) {
        self.maxTries = maxTries
    }
}

/// How the ledgers are relayed and kept.
public struct RelaySettings: Sendable {
    /// How long relayed events stay in the ledger.
    public var retention: Duration
    /// Events a batch.
    public var batchSize: Int
    /// Batches that wait for their acknowledgement at once.
    public var batchesInFlight: Int
    /// Events from which on a batch is stored in one step, where the stream allows it; 0: never.
    public var atomicFrom: Int
    /// Where a process that only relays serves its probes and metrics.
    public var port: Int

    public init(
        retention: Duration = .seconds(14 * 86_400), batchSize: Int = 1_000, batchesInFlight: Int = 4,
        atomicFrom: Int = 32,
        port: Int = 8084
    ) {
        self.retention = retention
        self.batchSize = batchSize
        self.batchesInFlight = batchesInFlight
        self.atomicFrom = atomicFrom
        self.port = port
    }
}
