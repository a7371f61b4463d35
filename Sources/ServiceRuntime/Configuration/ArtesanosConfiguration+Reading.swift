public import Configuration
import Foundation
import JetStream

extension ArtesanosConfiguration {
    /// Reads and checks the configuration: the process's environment first, then a file, then defaults.
    /// - Parameters:
    ///   - environment: nil takes the process's own.
    ///   - file: a `.env`, YAML or JSON file; nil: `ARTESANOS_CONFIG` names one, if it is set.
    ///   - requirements: what must be there.
    /// - Throws: ``ConfigurationError`` with everything that is wrong.
    public static func load(
        environment: [String: String]? = nil, file: String? = nil, requiring requirements: Set<Requirement> = []
    ) throws -> ArtesanosConfiguration {
        let environment = environment ?? ProcessInfo.processInfo.environment
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider(environmentVariables: environment)]
        if let path = file ?? environment["ARTESANOS_CONFIG"], !path.isEmpty {
            let values = try ConfigurationFile.read(path)
            providers.append(EnvironmentVariablesProvider(environmentVariables: values))
        }
        return try read(ConfigReader(providers: providers), requiring: requirements)
    }

    /// Reads and checks the configuration from any sources that swift-configuration knows.
    /// - Throws: ``ConfigurationError`` with everything that is wrong.
    public static func read(
        _ config: ConfigReader, requiring requirements: Set<Requirement> = []
    ) throws -> ArtesanosConfiguration {
        var reader = SettingReader(config)
        let auth = auth(&reader)
        let configuration = ArtesanosConfiguration(
            http: HTTPConfiguration(
                host: reader.value(Settings.host), ordersPort: reader.value(Settings.ordersPort),
                paymentsPort: reader.value(Settings.paymentsPort), inventoryPort: reader.value(Settings.inventoryPort)),
            database: DatabaseConfiguration(
                ordersURL: reader.optional(Settings.ordersDatabase),
                paymentsURL: reader.optional(Settings.paymentsDatabase),
                inventoryURL: reader.optional(Settings.inventoryDatabase),
                poolSize: reader.value(Settings.poolSize), acquireTimeout: reader.value(Settings.acquireTimeout),
                statementTimeout: reader.value(Settings.statementTimeout)),
            nats: NATSConfiguration(
                servers: reader.value(Settings.natsURL), credentialsFile: reader.optional(Settings.natsCredentials),
                nkeySeedFile: reader.optional(Settings.natsSeedFile)),
            auth: auth,
            stripe: StripeConfiguration(
                apiKey: reader.optional(Settings.stripeKey),
                webhookSecrets: reader.optional(Settings.stripeWebhookSecret) ?? [],
                baseURL: reader.value(Settings.stripeBaseURL), livemode: reader.value(Settings.stripeLivemode),
                concurrency: reader.value(Settings.stripeConcurrency), rate: reader.optional(Settings.stripeRate),
                circuitFailures: reader.value(Settings.stripeCircuitFailures),
                circuitPause: reader.value(Settings.stripeCircuitPause)),
            saga: SagaConfiguration(
                stockDeadline: reader.value(Settings.sagaStockDeadline),
                paymentMargin: reader.value(Settings.sagaPaymentMargin),
                paymentExtension: reader.value(Settings.sagaPaymentExtension),
                maxExtensions: reader.value(Settings.sagaMaxExtensions),
                answerDeadline: reader.value(Settings.sagaAnswerDeadline),
                answerDeadlineCap: reader.value(Settings.sagaAnswerDeadlineCap),
                rescueDeadline: reader.value(Settings.sagaRescueDeadline),
                totalDeadline: reader.value(Settings.sagaTotalDeadline),
                compensationDeadline: reader.value(Settings.sagaCompensationDeadline),
                compensationDeadlineCap: reader.value(Settings.sagaCompensationDeadlineCap),
                cancellationWindow: reader.value(Settings.cancellationWindow)),
            reservation: ReservationConfiguration(
                ttl: reader.value(Settings.reservationTTL), maxHold: reader.value(Settings.reservationMaxHold)),
            notification: NotificationSettings(
                webhookURL: reader.optional(Settings.notificationURL),
                webhookSecrets: reader.optional(Settings.notificationSecret) ?? []),
            payment: PaymentConfiguration(maxTries: reader.value(Settings.paymentMaxTries)),
            relay: RelaySettings(
                retention: reader.value(Settings.outboxRetention), batchSize: reader.value(Settings.relayBatch),
                batchesInFlight: reader.value(Settings.relayInFlight),
                atomicFrom: reader.value(Settings.relayAtomicFrom), port: reader.value(Settings.relayPort)),
            log: LogConfiguration(
                level: reader.value(Settings.logLevel), format: reader.value(Settings.logFormat)),
            traceSampleRatio: reader.value(Settings.traceSampleRatio),
            otlpEndpoint: reader.optional(Settings.otlpEndpoint),
            shutdownTimeout: reader.value(Settings.shutdownTimeout))
        configuration.check(&reader)
        check(requirements, &reader)
        guard reader.issues.isEmpty else { throw ConfigurationError(reader.issues) }
        return configuration
    }

    private static func auth(_ reader: inout SettingReader) -> AuthConfiguration {
        var auth = AuthConfiguration(
            secrets: reader.optional(Settings.jwtSecret) ?? [], issuer: reader.value(Settings.jwtIssuer),
            audience: reader.optional(Settings.jwtAudience))
        if let path = reader.optional(Settings.jwksFile) {
            do {
                auth.jwks = try String(contentsOfFile: path, encoding: .utf8)
            } catch {
                reader.note(Settings.jwksFile.name, "\"\(path)\" was given, which cannot be read")
            }
        }
        return auth
    }

    /// What must fit together.
    private func check(_ reader: inout SettingReader) {
        if saga.paymentMargin >= reservation.ttl {
            reader.note(
                Settings.sagaPaymentMargin.name,
                "\"\(DurationText.format(saga.paymentMargin))\" leaves no time to pay; expected less than "
                    + "\(Settings.reservationTTL.name), which is \(DurationText.format(reservation.ttl))")
        }
        if reservation.maxHold < reservation.ttl {
            reader.note(
                Settings.reservationMaxHold.name,
                "\"\(DurationText.format(reservation.maxHold))\" was given; expected at least "
                    + "\(Settings.reservationTTL.name), which is \(DurationText.format(reservation.ttl))")
        }
        if notification.webhookURL != nil && notification.webhookSecrets.isEmpty {
            reader.require(Settings.notificationSecret, for: Settings.notificationURL.name)
        }
        if nats.credentialsFile != nil && nats.nkeySeedFile != nil {
            reader.note(
                Settings.natsSeedFile.name, "was given beside \(Settings.natsCredentials.name); expected one of them")
        }
    }

    private static func check(_ requirements: Set<Requirement>, _ reader: inout SettingReader) {
        if requirements.contains(.database("orders")) {
            reader.require(Settings.ordersDatabase, for: "the order service")
        }
        if requirements.contains(.database("payments")) {
            reader.require(Settings.paymentsDatabase, for: "the payment service")
        }
        if requirements.contains(.database("inventory")) {
            reader.require(Settings.inventoryDatabase, for: "the inventory service")
        }
        if requirements.contains(.tokens), reader.optional(Settings.jwksFile) == nil {
            reader.require(Settings.jwtSecret, for: "the verification of access tokens")
        }
        if requirements.contains(.stripe) {
            reader.require(Settings.stripeKey, for: "the payment service")
            reader.require(Settings.stripeWebhookSecret, for: "the payment service")
        }
    }
}
