public import Inventory
public import Logging
import Orders
public import Outbox
import Payments
public import Postgres
public import ServiceRuntime

/// The services by their names, made from the one configuration.
public enum ServiceAssembly {
    /// A service, ready to be hosted.
    public static func service(
        _ name: ServiceName, environment: ServiceEnvironment, configuration: ArtesanosConfiguration
    ) throws -> any ApplicationService {
        switch name {
        case .orders:
            OrdersService(environment: environment, configuration: OrdersConfiguration(configuration.saga))
        case .payments:
            PaymentsService(environment: environment, configuration: payments(configuration))
        case .inventory:
            InventoryService(environment: environment, configuration: inventory(configuration))
        }
    }

    /// How the inventory service is configured.
    public static func inventory(_ configuration: ArtesanosConfiguration) -> InventoryConfiguration {
        InventoryConfiguration(
            reservationTTL: configuration.reservation.ttl, maxHold: configuration.reservation.maxHold,
            notifications: configuration.notification.webhookURL.map {
                NotificationConfiguration(url: $0, secrets: configuration.notification.webhookSecrets)
            })
    }

    /// How the payment service is configured.
    private static func payments(_ configuration: ArtesanosConfiguration) -> PaymentsConfiguration {
        let stripe = configuration.stripe
        let key = stripe.apiKey ?? ""
        return PaymentsConfiguration(
            stripe: StripeClientConfiguration(
                apiKey: key, baseURL: stripe.baseURL,
                limits: StripeGateLimits(
                    concurrency: stripe.concurrency,
                    rate: stripe.rate.map(Double.init) ?? StripeGateLimits.rate(key: key, baseURL: stripe.baseURL),
                    failures: stripe.circuitFailures, longestPause: stripe.circuitPause)),
            webhookSecrets: stripe.webhookSecrets, livemode: stripe.livemode, maxTries: configuration.payment.maxTries)
    }

    /// The types of Stripe's events that payments act upon: what its endpoint at Stripe is to be registered for.
    public static var stripeEvents: [String] { PaymentsService.stripeEvents }

    /// A service's consumers without a broker: to apply dead letters again. What they append is relayed at the relay's
    /// next look, without a hint.
    public static func consumers(
        of name: ServiceName, pool: PostgresPool, configuration: ArtesanosConfiguration, logger: Logger
    ) throws -> [ConsumerDefinition] {
        let environment = ServiceEnvironment(
            pool: pool, outbox: OutboxWriter(stream: name.stream, hint: Wakeup()), jobs: JobQueue(), logger: logger)
        return try service(name, environment: environment, configuration: configuration).consumers
    }
}
