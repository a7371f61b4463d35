import Foundation
public import Hummingbird
public import Outbox
import Postgres
public import ServiceLifecycle
public import ServiceRuntime

/// The inventory service: the catalogue, stock, and reservations with an end.
///
/// No piece is sold twice, because every movement goes through one locked row with a CHECK on it; none is held for ever,
/// because each reservation is made together with the job that ends it.
public struct InventoryService: ApplicationService {
    public static let name = "inventory"
    public static var openAPI: String? { String(decoding: PackageResources.openapi_yaml, as: UTF8.self) }
    /// Routes that need no token, as method and pattern: anybody may look at what is for sale.
    public static let publicRoutes = ProductRoutes.publicRoutes
    /// What its events name as their source.
    static let source = "/artesanos/inventory"

    private let environment: ServiceEnvironment
    private let configuration: InventoryConfiguration
    private let metrics: InventoryMetrics

    /// - Parameters:
    ///   - environment: what it works with.
    ///   - configuration: how it behaves; see ``InventoryConfiguration/problems``.
    public init(environment: ServiceEnvironment, configuration: InventoryConfiguration = InventoryConfiguration()) {
        self.init(environment: environment, configuration: configuration, metrics: InventoryMetrics())
    }

    init(environment: ServiceEnvironment, configuration: InventoryConfiguration, metrics: InventoryMetrics) {
        self.environment = environment
        self.configuration = configuration
        self.metrics = metrics
    }

    var store: StockBookStore {
        StockBookStore(
            policy: configuration.holdPolicy, outbox: environment.outbox, jobs: environment.jobs, metrics: metrics)
    }

    var products: ProductStore { ProductStore(outbox: environment.outbox) }

    public func addRoutes(to router: Router<AppRequestContext>) {
        ProductRoutes(pool: environment.pool, products: products).add(to: router)
        StockRoutes(pool: environment.pool, store: store, products: products).add(to: router)
        ReservationRoutes(pool: environment.pool, store: store).add(to: router)
        ShopRoutes(pool: environment.pool, products: products, stock: store).add(to: router)
    }

    public var consumers: [ConsumerDefinition] {
        let handler = StockEventHandler(store: store)
        return [
            ConsumerDefinition(
                name: "inventory-orders", stream: "orders", types: StockEventHandler.orderTypes, handler: handler,
                batchSize: configuration.consumerBatchSize),
            ConsumerDefinition(
                name: "inventory-payments", stream: "payments", types: StockEventHandler.paymentTypes,
                handler: handler, batchSize: configuration.consumerBatchSize),
            ConsumerDefinition(
                name: "inventory-notifications", stream: "inventory", types: NotifyLowStock.types,
                handler: NotifyLowStock(
                    jobs: environment.jobs, hasWebhook: configuration.notifications != nil,
                    logger: environment.logger),
                batchSize: configuration.consumerBatchSize),
        ]
    }

    public var jobs: [any JobHandler] {
        let handlers: [any JobHandler] = [
            ExpireReservations(batchSize: configuration.expiryBatchSize, store: store),
            SweepReservations(
                interval: configuration.sweepInterval, jobs: environment.jobs, metrics: metrics,
                logger: environment.logger),
            CheckStockDrift(interval: configuration.driftCheckInterval, logger: environment.logger),
        ]
        guard let notifications = configuration.notifications else { return handlers }
        return handlers + [DeliverNotification(notifications, logger: environment.logger)]
    }

    public var background: [any Service] {
        [
            RecurringJobs(
                [SweepReservations.kind, CheckStockDrift.kind], queue: environment.jobs, pool: environment.pool,
                logger: environment.logger),
            gauges,
        ]
    }

    var gauges: InventoryGauges {
        InventoryGauges(
            pool: environment.pool, interval: configuration.gaugeInterval, metrics: metrics, logger: environment.logger)
    }
}
