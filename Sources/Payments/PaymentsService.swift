import Foundation
public import Hummingbird
public import Outbox
import Postgres
public import ServiceLifecycle
public import ServiceRuntime

/// The payment service: it takes the money of an order once, or gives it back, through Stripe.
///
/// Stripe is called from jobs alone, with a key and a body that were committed before. What Stripe says, in an answer, a
/// webhook or a list, goes through the same forward-only decisions (``PaymentStatus``).
public struct PaymentsService: ApplicationService {
    public static let name = "payments"
    /// The types of Stripe's events that its endpoint is to be registered for: others are only stored and ignored.
    public static var stripeEvents: [String] { StripeEventRule.handledTypes.sorted() }
    public static var openAPI: String? { String(decoding: PackageResources.openapi_yaml, as: UTF8.self) }

    private let environment: ServiceEnvironment
    private let configuration: PaymentsConfiguration
    private let stripe: StripeClient
    let ledger: PaymentLedger
    private let intake: StripeEventIntake

    /// - Parameters:
    ///   - environment: what it works with.
    ///   - configuration: how it behaves.
    public init(environment: ServiceEnvironment, configuration: PaymentsConfiguration) {
        self.environment = environment
        self.configuration = configuration
        stripe = StripeClient(configuration.stripe, logger: environment.logger)
        ledger = PaymentLedger(
            outbox: environment.outbox, jobs: environment.jobs, policy: configuration.policy,
            metrics: PaymentMetrics(), logger: environment.logger)
        intake = StripeEventIntake(
            pool: environment.pool, jobs: environment.jobs, ledger: ledger, logger: environment.logger)
    }

    public func addRoutes(to router: Router<AppRequestContext>) {
        WebhookRoutes(
            signature: StripeSignature(
                secrets: configuration.webhookSecrets, tolerance: configuration.signatureTolerance),
            intake: intake, livemode: configuration.livemode, limit: configuration.webhookLimit,
            metrics: ledger.metrics, logger: environment.logger
        ).add(to: router)
        PaymentRoutes(pool: environment.pool, stripe: stripe, jobs: environment.jobs).add(to: router)
        RefundRoutes(pool: environment.pool, ledger: ledger).add(to: router)
        WebhookEventRoutes(pool: environment.pool, intake: intake).add(to: router)
    }

    public var consumers: [ConsumerDefinition] {
        let handler = PaymentRequestsHandler(ledger: ledger)
        return [
            ConsumerDefinition(
                name: "payments-orders", stream: "orders", types: PaymentRequestsHandler.orderTypes, handler: handler),
            ConsumerDefinition(
                name: "payments-inventory", stream: "inventory", types: PaymentRequestsHandler.inventoryTypes,
                handler: handler),
        ]
    }

    public var jobs: [any JobHandler] {
        let context = PaymentJobContext(
            stripe: stripe, ledger: ledger, intake: intake,
            pauses: RetryPolicy(
                maxAttempts: .max, base: configuration.callRetryBase, cap: configuration.callRetryCap),
            logger: environment.logger)
        let refunds = RefundSync(ledger: ledger)
        return [
            CreateIntentJob(context: context, concurrency: configuration.createConcurrency),
            CancelIntentJob(context: context, concurrency: configuration.cancelConcurrency),
            RefundJob(context: context, refunds: refunds),
            ReconcilePaymentJob(context: context, refunds: refunds, kind: PaymentJobKind.look),
            ReconcilePaymentJob(
                context: context, refunds: refunds, kind: PaymentJobKind.reconcile,
                pause: configuration.reconcileAfter * 10),
            ReconcileEventsJob(
                stripe: stripe, events: intake, pool: environment.pool, interval: configuration.reconcileInterval,
                overlap: configuration.eventOverlap, lookback: configuration.eventLookback,
                gapAge: configuration.gapAge, livemode: configuration.livemode, logger: environment.logger),
            ReconcileOpenJob(
                jobs: environment.jobs, interval: configuration.reconcileInterval,
                after: configuration.reconcileAfter, eventRetention: configuration.eventRetention,
                logger: environment.logger),
        ]
    }

    public var background: [any Service] {
        [
            RecurringJobs(
                [PaymentJobKind.reconcileEvents, PaymentJobKind.reconcileOpen], queue: environment.jobs,
                pool: environment.pool, logger: environment.logger),
            PaymentGauges(
                pool: environment.pool, interval: configuration.reconcileInterval, metrics: ledger.metrics,
                logger: environment.logger),
        ]
    }

    /// Every statement, for the test that prepares them all on the migrated schema.
    static let statements =
        PaymentSQL.all + StripeCallSQL.all + RefundSQL.all + StripeEventSQL.all
}
