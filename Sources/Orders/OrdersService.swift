import Contracts
public import Hummingbird
public import Outbox
import Postgres
public import ServiceLifecycle
public import ServiceRuntime

/// The order service: places orders, runs their sagas, and tells how they are.
public struct OrdersService: ApplicationService {
    public static let name = "orders"
    /// Of the stream `inventory`.
    static let inventoryTypes = [
        EventType.inventoryReserved, EventType.inventoryOutOfStock, EventType.inventoryReleased,
        EventType.inventoryProductChanged,
    ]

    public static var openAPI: String? { String(decoding: PackageResources.openapi_yaml, as: UTF8.self) }

    private let environment: ServiceEnvironment
    private let configuration: OrdersConfiguration
    let signals = OrderSignals()
    let metrics: OrderMetrics
    let engine: SagaEngine

    /// - Parameters:
    ///   - environment: the service's database, ledger and jobs.
    ///   - configuration: the deadlines, and how long requests may wait.
    public init(environment: ServiceEnvironment, configuration: OrdersConfiguration = OrdersConfiguration()) {
        self.init(environment: environment, configuration: configuration, metrics: OrderMetrics())
    }

    init(environment: ServiceEnvironment, configuration: OrdersConfiguration, metrics: OrderMetrics) {
        self.environment = environment
        self.configuration = configuration
        self.metrics = metrics
        self.engine = SagaEngine(
            policy: configuration.policy, outbox: environment.outbox, jobs: environment.jobs, signals: signals,
            metrics: metrics, logger: environment.logger)
    }

    var orders: OrderStore { OrderStore(database: environment.pool) }
    var history: SagaHistory { SagaHistory(database: environment.pool) }
    var cancelOrder: CancelOrder {
        CancelOrder(pool: environment.pool, engine: engine, window: configuration.cancellationWindow)
    }
    var retrySaga: RetrySaga { RetrySaga(pool: environment.pool, engine: engine) }
    var explainSaga: ExplainSaga {
        ExplainSaga(
            pool: environment.pool, history: history, policy: configuration.policy,
            cancellationWindow: configuration.cancellationWindow)
    }
    var placeOrder: PlaceOrder {
        PlaceOrder(
            pool: environment.pool, outbox: environment.outbox, jobs: environment.jobs, configuration: configuration,
            metrics: metrics)
    }
    var orderWatch: OrderWatch {
        OrderWatch(
            pool: environment.pool, signals: signals, interval: configuration.waitPoll, logger: environment.logger)
    }
    var waitForOrder: WaitForOrder {
        WaitForOrder(orders: orders, signals: signals, poll: configuration.waitPoll)
    }

    public func addRoutes(to router: Router<AppRequestContext>) {
        OrderRoutes(
            orders: orders, placeOrder: placeOrder, cancelOrder: cancelOrder, waitForOrder: waitForOrder,
            maxWait: configuration.maxWait
        ).add(to: router)
        SagaRoutes(
            pool: environment.pool, orders: orders, history: history, retrySaga: retrySaga,
            explainSaga: explainSaga,
            stream: OrderEventStream(history: history, signals: signals, heartbeat: configuration.heartbeat)
        ).add(to: router)
    }

    public var consumers: [ConsumerDefinition] {
        let handler = SagaEventHandler(engine: engine)
        return [
            ConsumerDefinition(
                name: "orders-inventory", stream: "inventory", types: Self.inventoryTypes, handler: handler),
            ConsumerDefinition(
                name: "orders-payments", stream: "payments", types: EventType.payments, handler: handler),
        ]
    }

    public var jobs: [any JobHandler] {
        [
            SagaDeadlineJob(engine: engine, concurrency: configuration.deadlineWorkers),
            SagaSweep(
                queue: environment.jobs, interval: configuration.sweepInterval, metrics: metrics,
                logger: environment.logger),
        ]
    }

    public var background: [any Service] {
        [
            RecurringJobs(
                [SagaSweep.kind], queue: environment.jobs, pool: environment.pool, logger: environment.logger),
            orderWatch,
        ]
    }

    /// Sagas of a version that this binary does not know would stand still: it must not take over from one that does.
    public var startChecks: [StartCheck] {
        let pool = environment.pool
        return [StartCheck(name: "saga-versions") { try await SagaVersions.check(on: pool) }]
    }

    /// The same for a replica that runs on while a newer release begins sagas that it does not know.
    public var readinessChecks: [ReadinessCheck] {
        let pool = environment.pool
        return [ReadinessCheck(name: "saga-versions") { try await SagaVersions.check(on: pool) }]
    }
}
