import Logging

/// All settings, in the order of the documentation.
enum Settings {
    // HTTP
    static let host = Setting.text("HOST", "Address that the services listen on.", default: "127.0.0.1")
    static let ordersPort = port("ORDERS_PORT", "orders", 8081)
    static let paymentsPort = port("PAYMENTS_PORT", "payments", 8082)
    static let inventoryPort = port("INVENTORY_PORT", "inventory", 8083)
    static let shutdownTimeout = Setting.duration(
        "SHUTDOWN_TIMEOUT", "How long a graceful stop may take before what still runs is cancelled.", default: "25s",
        in: .seconds(1)...(.seconds(600)))

    // Postgres
    static let ordersDatabase = Setting.postgres("ORDERS_DATABASE_URL", "Database of the order service.")
    static let paymentsDatabase = Setting.postgres("PAYMENTS_DATABASE_URL", "Database of the payment service.")
    static let inventoryDatabase = Setting.postgres("INVENTORY_DATABASE_URL", "Database of the inventory service.")
    static let poolSize = Setting.number(
        "DATABASE_POOL_SIZE", "Connections of each service to its database.", default: 24, in: 2...500)
    static let acquireTimeout = Setting.duration(
        "DATABASE_ACQUIRE_TIMEOUT", "How long a request waits for a connection before it is answered 503.",
        default: "5s", in: .milliseconds(10)...(.seconds(60)))
    static let statementTimeout = Setting.duration(
        "DATABASE_STATEMENT_TIMEOUT", "A statement that takes longer is cancelled.", default: "30s",
        in: .milliseconds(100)...(.seconds(3_600)))

    // NATS
    static let natsURL = Setting.list(
        "NATS_URL", "NATS servers, comma-separated.", default: "nats://127.0.0.1:4222",
        allowed: "nats:// or tls:// URLs, comma-separated", isSecret: true,
        where: { $0.hasPrefix("nats://") || $0.hasPrefix("tls://") })
    static let natsCredentials = Setting.text(
        "NATS_CREDENTIALS", "Path of a NATS credentials file.", allowed: "a path")
    static let natsSeedFile = Setting.text(
        "NATS_NKEY_SEED_FILE", "Path of a file with an NKey seed.", allowed: "a path")

    // Authentication
    static let jwtSecret = Setting.list(
        "JWT_SECRET", "Secrets of access tokens (HS256), comma-separated: all are accepted, the first one signs.",
        allowed: "secrets of \(AuthConfiguration.minimumSecretBytes) bytes at least, comma-separated", isSecret: true,
        where: { $0.utf8.count >= AuthConfiguration.minimumSecretBytes })
    static let jwtIssuer = Setting.text("JWT_ISSUER", "The issuer that access tokens must name.", default: "artesanos")
    static let jwtAudience = Setting.text("JWT_AUDIENCE", "The audience that access tokens must name, if set.")
    static let jwksFile = Setting.text(
        "JWT_JWKS_FILE", "A JSON Web Key Set with public keys that access tokens may be signed with too.",
        allowed: "a path")

    // Stripe
    static let stripeKey = Setting.text(
        "STRIPE_API_KEY", "Stripe's secret key; without it the sandbox stands in.", allowed: "sk_… or rk_…",
        isSecret: true, where: { $0.hasPrefix("sk_") || $0.hasPrefix("rk_") })
    static let stripeWebhookSecret = Setting.list(
        "STRIPE_WEBHOOK_SECRET", "Secrets of the webhook endpoint, comma-separated: any may match.",
        allowed: "whsec_…, comma-separated", isSecret: true, where: { $0.hasPrefix("whsec_") })
    static let stripeBaseURL = Setting.url(
        "STRIPE_BASE_URL", "Where Stripe's API is.", default: "https://api.stripe.com")
    static let stripeLivemode = Setting.flag(
        "STRIPE_LIVEMODE", "Whether events of live mode are expected; those of the other mode are refused.",
        default: false)

    static let stripeConcurrency = Setting.number(
        "STRIPE_CONCURRENCY", "Requests to Stripe under way at once, in one process.", default: 16, in: 1...256)
    static let stripeRate = Setting<Int>(
        "STRIPE_RATE",
        "Requests a second to Stripe, from one process; 0: no limit. Unless set: 80 with a live key, 20 with a test key"
            + " (Stripe takes 100 and 25), none with another STRIPE_BASE_URL.",
        allowed: "a whole number from 0 to 10000"
    ) { Int($0).flatMap { (0...10_000).contains($0) ? $0 : nil } }
    static let stripeCircuitFailures = Setting.number(
        "STRIPE_CIRCUIT_FAILURES",
        "After so many requests in a row without an answer, or with a 5xx, Stripe is not asked for a while; 0: always"
            + " asked.", default: 5, in: 0...1_000)
    static let stripeCircuitPause = Setting.duration(
        "STRIPE_CIRCUIT_PAUSE", "How long at most, until a single request is made to see; it begins with 1s.",
        default: "30s", in: .seconds(1)...(.seconds(600)))

    // Orders
    static let sagaStockDeadline = Setting.duration(
        "SAGA_STOCK_DEADLINE", "How long an order waits for stock before it fails.", default: "30s",
        in: .milliseconds(100)...(.seconds(3_600)))
    static let sagaPaymentMargin = Setting.duration(
        "SAGA_PAYMENT_MARGIN", "How long before the reservation expires the payment's deadline is.", default: "60s",
        in: .zero...(.seconds(3_600)))
    static let sagaTotalDeadline = Setting.duration(
        "SAGA_TOTAL_DEADLINE", "How long a saga may run in all, extensions included.", default: "2h",
        in: .seconds(1)...(.seconds(30 * 86_400)))
    static let sagaCompensationDeadline = Setting.duration(
        "SAGA_COMPENSATION_DEADLINE", "How long an undo may take before it is asked for again.", default: "5m",
        in: .milliseconds(100)...(.seconds(86_400)))
    static let sagaPaymentExtension = Setting.duration(
        "SAGA_PAYMENT_EXTENSION",
        "How much longer an overdue payment is waited for while Stripe processes it, within the hold.",
        default: "5m", in: .milliseconds(100)...(.seconds(86_400)))
    static let sagaAnswerDeadline = Setting.duration(
        "SAGA_ANSWER_DEADLINE",
        "How long payments has to say how an overdue payment ended, before it is asked again; doubles each time.",
        default: "15s", in: .milliseconds(100)...(.seconds(3_600)))
    static let sagaAnswerDeadlineCap = Setting.duration(
        "SAGA_ANSWER_DEADLINE_CAP",
        "The longest of these pauses.",
        default: "5m", in: .milliseconds(100)...(.seconds(86_400)))
    static let sagaRescueDeadline = Setting.duration(
        "SAGA_RESCUE_DEADLINE",
        "How long inventory has to find stock for money that came late, before it is given back.",
        default: "60s", in: .milliseconds(100)...(.seconds(3_600)))
    static let sagaCompensationDeadlineCap = Setting.duration(
        "SAGA_COMPENSATION_DEADLINE_CAP",
        "The longest pause between questions about an undo; each is twice the one before.",
        default: "1h", in: .milliseconds(100)...(.seconds(7 * 86_400)))
    static let sagaMaxExtensions = Setting.number(
        "SAGA_MAX_EXTENSIONS", "How often an overdue payment is waited for longer while Stripe processes it.",
        default: 3,
        in: 0...100)
    static let cancellationWindow = Setting.duration(
        "ORDER_CANCELLATION_WINDOW",
        "For how long after its confirmation a customer can cancel an order and gets the money back; 0s: not at all.",
        default: "30m", in: .zero...(.seconds(30 * 86_400)))

    // Inventory
    static let reservationTTL = Setting.duration(
        "RESERVATION_TTL", "How long stock is held for an order that is not paid.", default: "15m",
        in: .milliseconds(100)...(.seconds(86_400)))
    static let reservationMaxHold = Setting.duration(
        "RESERVATION_MAX_HOLD", "How long stock is held at most while a payment is being processed.", default: "60m",
        in: .milliseconds(100)...(.seconds(7 * 86_400)))

    static let notificationURL = Setting.url(
        "NOTIFICATION_WEBHOOK_URL", "Where low stock is posted as a signed webhook; without it, it is only logged.")
    static let notificationSecret = Setting.list(
        "NOTIFICATION_WEBHOOK_SECRET", "Secrets that sign it, comma-separated: each signs, so that they can be rolled.",
        allowed: "secrets of 24 characters at least, comma-separated", isSecret: true,
        where: { $0.utf8.count >= 24 })

    // Payments
    static let paymentMaxTries = Setting.number(
        "PAYMENT_MAX_TRIES", "How often a customer may try to pay before the payment fails for good.", default: 3,
        in: 1...20)

    // Outbox
    static let outboxRetention = Setting.duration(
        "OUTBOX_RETENTION", "How long relayed events stay in the ledger; longer than the streams' max_age.",
        default: "14d", in: .seconds(86_400)...(.seconds(365 * 86_400)))
    static let relayBatch = Setting.number(
        "RELAY_BATCH", "Events a batch of the relay.", default: 1_000, in: 1...1_000)
    static let relayInFlight = Setting.number(
        "RELAY_IN_FLIGHT", "Batches of the relay that wait for their acknowledgement at once.", default: 4, in: 1...64)
    static let relayAtomicFrom = Setting.number(
        "RELAY_ATOMIC_FROM",
        "Events from which on a batch is stored in one step, where the stream allows it; 0: never, which is faster with"
            + " a nats-server that does not sync before it acknowledges.", default: 32, in: 0...1_000)
    static let relayPort = Setting.number(
        "RELAY_PORT", "Port of the probes and metrics of a process that only relays; 0 takes a free one.",
        default: 8084, in: 0...65_535)

    // Telemetry
    static let logLevel = Setting<Logger.Level>.choice("LOG_LEVEL", "The least level that is logged.", default: .info)
    static let logFormat = Setting<LogConfiguration.Format>.choice("LOG_FORMAT", "The form of the log.", default: .json)
    static let traceSampleRatio = Setting.ratio(
        "TRACE_SAMPLE_RATIO", "Share of new traces that are sampled; a caller's choice is kept.", default: 1)
    static let otlpEndpoint = Setting.url(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Base address of a collector that takes spans by OTLP/HTTP in JSON, below it /v1/traces; without one they are"
            + " logged at level debug.")

    /// The sections of the documentation.
    static let sections: [(title: String, settings: [SettingDescription])] = [
        (
            "HTTP",
            [
                host.description, ordersPort.description, paymentsPort.description, inventoryPort.description,
                shutdownTimeout.description,
            ]
        ),
        (
            "Postgres",
            [
                ordersDatabase.description, paymentsDatabase.description, inventoryDatabase.description,
                poolSize.description, acquireTimeout.description, statementTimeout.description,
            ]
        ),
        ("NATS", [natsURL.description, natsCredentials.description, natsSeedFile.description]),
        (
            "Access tokens",
            [
                jwtSecret.description, jwtIssuer.description, jwtAudience.description, jwksFile.description,
            ]
        ),
        (
            "Stripe",
            [
                stripeKey.description, stripeWebhookSecret.description, stripeBaseURL.description,
                stripeLivemode.description, stripeConcurrency.description, stripeRate.description,
                stripeCircuitFailures.description, stripeCircuitPause.description,
            ]
        ),
        (
            "Sagas",
            [
                sagaStockDeadline.description, sagaPaymentMargin.description, sagaPaymentExtension.description,
                sagaMaxExtensions.description, sagaAnswerDeadline.description, sagaAnswerDeadlineCap.description,
                sagaRescueDeadline.description, sagaTotalDeadline.description, sagaCompensationDeadline.description,
                sagaCompensationDeadlineCap.description, cancellationWindow.description,
            ]
        ),
        (
            "Inventory",
            [
                reservationTTL.description, reservationMaxHold.description, notificationURL.description,
                notificationSecret.description,
            ]
        ),
        ("Payments", [paymentMaxTries.description]),
        (
            "Outbox and relay",
            [
                outboxRetention.description, relayBatch.description, relayInFlight.description,
                relayAtomicFrom.description, relayPort.description,
            ]
        ),
        (
            "Telemetry",
            [
                logLevel.description, logFormat.description, traceSampleRatio.description, otlpEndpoint.description,
            ]
        ),
    ]

    private static func port(_ name: String, _ service: String, _ value: Int) -> Setting<Int> {
        .number(name, "Port of the \(service) service; 0 takes a free one.", default: value, in: 0...65_535)
    }
}
