import Contracts
import Foundation
import Logging
import Outbox
import Postgres
import Schema
import ServiceRuntime
import TestSupport

@testable import Inventory

/// An inventory service on a database of its own.
struct Setting: Sendable {
    let database: TestDatabase
    let pool: PostgresPool
    let environment: ServiceEnvironment
    let service: InventoryService
    let configuration: InventoryConfiguration

    static let ops = Identity(subject: "olga", role: .ops)

    init(
        _ configuration: InventoryConfiguration = InventoryConfiguration(), connections: Int = 10,
        registry: PrometheusRegistry? = nil, logger: Logger = .test
    ) async throws {
        self.init(
            try await TestDatabase.make(SchemaCatalog.inventory), configuration, connections: connections,
            registry: registry, logger: logger)
    }

    /// The same database over connections of its own.
    /// - Parameters:
    ///   - registry: where the service's metrics are kept; nil: where those of the whole process are.
    ///   - logger: what the service itself logs to.
    init(
        _ database: TestDatabase, _ configuration: InventoryConfiguration = InventoryConfiguration(),
        connections: Int = 10, registry: PrometheusRegistry? = nil, logger: Logger = .test
    ) {
        self.database = database
        // A busy machine is no failure of the service's.
        pool = PostgresPool(
            PostgresConfiguration(database.url, applicationName: database.name), size: connections,
            acquireTimeout: .seconds(60), logger: .test)
        environment = ServiceEnvironment(
            pool: pool, outbox: OutboxWriter(stream: "inventory", hint: Wakeup()), jobs: JobQueue(), logger: logger)
        service = InventoryService(
            environment: environment, configuration: configuration,
            metrics: registry.map { InventoryMetrics(factory: $0) } ?? InventoryMetrics())
        self.configuration = configuration
    }

    var handler: StockEventHandler { StockEventHandler(store: service.store) }

    // MARK: Doing

    /// A product with pieces on its shelf.
    func product(
        _ sku: String, stock: Int = 0, threshold: Int = 0, artisan: String = "ana", isActive: Bool = true,
        ttl: Duration? = nil
    ) async throws {
        let draft = ProductDraft(
            artisanID: artisan, title: "A piece", price: Money(amount: 2500, currency: "EUR"), isActive: isActive,
            reservationTTL: ttl)
        try await pool.withTransaction { transaction in
            _ = try await PutProduct(products: service.products).run(
                sku, draft, by: Self.ops, check: { _, _ in }, in: transaction)
            if stock > 0 {
                _ = try await AdjustStock(store: service.store).run(
                    sku, .init(delta: stock, reason: "first"), by: Self.ops, in: transaction)
            }
            if threshold > 0 {
                _ = try await SetLowStockThreshold(store: service.store).run(
                    sku, threshold, by: Self.ops, in: transaction)
            }
        }
    }

    /// Applies events in one transaction, as the runner does.
    @discardableResult
    func apply(_ events: InboundEvent...) async throws -> [HandlerOutcome] {
        try await apply(batch: events)
    }

    @discardableResult
    func apply(batch: [InboundEvent]) async throws -> [HandlerOutcome] {
        try await pool.withTransaction { try await handler.handle(batch: batch, in: $0) }
    }

    /// Runs the service's jobs until the condition holds.
    func runJobs(
        until what: String, within limit: Duration = .seconds(10), poll: Duration = .milliseconds(20),
        _ condition: @escaping @Sendable () async throws -> Bool
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let runner = JobRunner(
                service.jobs, queue: environment.jobs, pool: pool, poll: poll, logger: environment.logger)
            group.addTask { try await runner.run() }
            try await eventually(what, within: limit, condition)
            group.cancelAll()
        }
    }

    /// As if the time were over: everything that ends in the future ends now.
    func passTime() async throws {
        try await pool.query("update reservation set expires_at = clock_timestamp() where status = 'active'")
        try await pool.query("update scheduled_job set run_at = now() where kind = 'reservation.expire'")
    }

    // MARK: Looking

    func level(_ sku: String) async throws -> StockReader.Level {
        guard let level = try await StockReader.level(sku, on: pool) else { throw StockBookError.unknownProduct(sku) }
        return level
    }

    /// On hand and reserved.
    func stock(_ sku: String) async throws -> [Int] {
        let level = try await level(sku)
        return [level.onHand, level.reserved]
    }

    func count(_ statement: Statement, _ values: (any PostgresEncodable)?...) async throws -> Int {
        try await pool.query(statement.bind(values: values)).first?.get(0) ?? -1
    }

    /// The statuses of an order's reservations, by attempt.
    func statuses(_ order: TestOrder) async throws -> [String] {
        try await pool.query("select status from reservation where order_id = $1 order by attempt", order.id)
            .map { try $0.get(0) }
    }

    func reservationID(_ order: TestOrder) async throws -> UUID {
        let rows = try await pool.query(
            "select id from reservation where order_id = $1 order by attempt desc limit 1", order.id)
        guard let row = rows.first else { throw StockBookError.confirmedWithoutReservation(order.id) }
        return try row.get(0)
    }

    func expiry(_ order: TestOrder) async throws -> Date? {
        try await pool.query(
            "select expires_at from reservation where order_id = $1 and status = 'active'", order.id
        ).first?.get(0)
    }

    /// What was told of one type, in order.
    func told<Data: Decodable>(_ type: String, as data: Data.Type, of order: TestOrder? = nil) async throws -> [Data] {
        try await pool.query(
            """
            select (event -> 'data')::text from outbox
            where subject = $1::text and ($2::text is null or aggregate_id = $2::text)
            order by position
            """, type, order?.id.lowercased
        ).map { try ContractsJSON.decode(data, from: try $0.get(0, as: String.self).utf8) }
    }

    func reserved(_ order: TestOrder? = nil) async throws -> [InventoryReserved] {
        try await told(EventType.inventoryReserved, as: InventoryReserved.self, of: order)
    }

    func released(_ order: TestOrder? = nil) async throws -> [InventoryReleased] {
        try await told(EventType.inventoryReleased, as: InventoryReleased.self, of: order)
    }

    func outOfStock(_ order: TestOrder? = nil) async throws -> [InventoryOutOfStock] {
        try await told(EventType.inventoryOutOfStock, as: InventoryOutOfStock.self, of: order)
    }

    func lowStock() async throws -> [InventoryLowStock] {
        try await told(EventType.inventoryLowStock, as: InventoryLowStock.self)
    }

    /// Rows of the view that must have none.
    func drift() async throws -> Int {
        try await count("select count(*) from stock_drift")
    }

    func expiryJobs() async throws -> [String] {
        try await pool.query("select unique_key from scheduled_job where kind = 'reservation.expire' order by 1")
            .map { try $0.get(0) }
    }
}

extension PostgresPool {
    /// Ends some backend of the database, whatever it is doing; for a pool of one, whose own is spared.
    func killAnother() async throws {
        try await query(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
            order by random() limit 1
            """)
    }
}
