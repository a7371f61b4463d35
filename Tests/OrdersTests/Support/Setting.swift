import Contracts
import Foundation
import Logging
import Outbox
import Postgres
import Schema
import ServiceRuntime
import TestSupport

@testable import Orders

/// An order service on a database of its own.
struct Setting: Sendable {
    let database: TestDatabase
    let pool: PostgresPool
    let environment: ServiceEnvironment
    let service: OrdersService
    let configuration: OrdersConfiguration
    let registry = PrometheusRegistry()

    init(_ configuration: OrdersConfiguration = OrdersConfiguration(), connections: Int = 4) async throws {
        database = try await TestDatabase.make(SchemaCatalog.orders)
        // A busy machine must not fail a test that waits for a connection.
        pool = PostgresPool(
            PostgresConfiguration(database.url), size: connections, acquireTimeout: .seconds(60), logger: .quiet)
        environment = ServiceEnvironment(
            pool: pool, outbox: OutboxWriter(stream: "orders", hint: Wakeup()), jobs: JobQueue(), logger: .quiet)
        service = OrdersService(
            environment: environment, configuration: configuration, metrics: OrderMetrics(factory: registry))
        self.configuration = configuration
    }

    var handler: SagaEventHandler { SagaEventHandler(engine: service.engine) }

    // MARK: Doing

    /// A product in the catalogue's replica.
    func product(
        _ sku: String, price: Int64 = 2_500, currency: String = "EUR", isActive: Bool = true, version: Int64 = 1
    ) async throws {
        try await apply(
            try TestEvents.product(sku, price: price, currency: currency, isActive: isActive, version: version))
    }

    /// Places an order.
    func place(
        _ lines: [(String, Int)] = [("bowl", 2)], customer: String = "ana", key: String = UUID().uuidString,
        paymentMethod: String? = nil
    ) async throws -> PlaceOrder.Placed {
        let request = OrderRequest(
            lines: lines.map { OrderRequest.Line(sku: $0.0, quantity: $0.1) }, paymentMethod: paymentMethod)
        return try await service.placeOrder(try OrderedLines(request), customer: customer, key: key)
    }

    /// An order of two bowls, 5,000 minor units in all, and what the other services say of it.
    func order(customer: String = "ana", paymentMethod: String? = nil) async throws -> TestOrder {
        try await product("bowl")
        let placed = try await place(customer: customer, paymentMethod: paymentMethod)
        return try await known(placed.orderID)
    }

    func known(_ orderID: UUID) async throws -> TestOrder {
        TestOrder(id: orderID, saga: try await saga(orderID).id)
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

    /// As if the order's deadline were now.
    func passTime(of order: TestOrder) async throws {
        try await pool.query("update saga set deadline = now() where order_id = $1", order.id)
        try await pool.query("update scheduled_job set run_at = now() where unique_key = $1", order.saga.lowercased)
    }

    /// Lets the order's deadline pass, and waits for what comes of it.
    func passDeadline(of order: TestOrder) async throws {
        let before = try await service.history.progress(of: order.id)?.seq ?? 0
        try await passTime(of: order)
        try await runJobs(until: "the deadline has been worked off") {
            try await self.service.history.progress(of: order.id)?.seq ?? 0 > before
        }
    }

    // MARK: Looking

    func saga(_ orderID: UUID) async throws -> SagaRecord {
        guard let saga = try await SagaRecord.find(orderID, on: pool) else { throw Missing(what: "saga") }
        return saga
    }

    func record(_ orderID: UUID) async throws -> OrderRecord {
        guard let order = try await service.orders.find(orderID) else { throw Missing(what: "order") }
        return order
    }

    /// The step, the order's status, and whether the saga is settled: all from their own columns.
    func state(_ order: TestOrder) async throws -> String {
        let row = try await pool.query(
            """
            select s.state, o.status, s.settled_at is not null
            from saga s join orders o on o.id = s.order_id where o.id = $1
            """, order.id
        ).first
        guard let (step, status, isSettled) = try row?.decode(String.self, String.self, Bool.self) else {
            throw Missing(what: "saga")
        }
        return "\(step) \(status)\(isSettled ? " settled" : "")"
    }

    func count(_ statement: Statement, _ values: (any PostgresEncodable)?...) async throws -> Int {
        try await pool.query(statement.bind(values: values)).first?.get(0) ?? -1
    }

    /// The types of an order's events, in order; each must name the order and its saga.
    func told(_ order: TestOrder) async throws -> [String] {
        struct Named: Decodable {
            let orderId: UUID
            let sagaId: UUID
        }
        return try await pool.query(
            "select subject, (event -> 'data')::text from outbox where aggregate_id = $1 order by position",
            order.id.lowercased
        ).map { row in
            let named = try ContractsJSON.decode(Named.self, from: try row.get(1, as: String.self).utf8)
            guard named.orderId == order.id, named.sagaId == order.saga else { throw Missing(what: "ids in an event") }
            return try row.get(0)
        }
    }

    /// The payloads of one type, in order.
    func told<Data: Decodable>(_ type: String, as data: Data.Type, of order: TestOrder) async throws -> [Data] {
        try await pool.query(
            """
            select (event -> 'data')::text from outbox
            where subject = $1::text and aggregate_id = $2::text
            order by position
            """, type, order.id.lowercased
        ).map { try ContractsJSON.decode(data, from: try $0.get(0, as: String.self).utf8) }
    }

    /// When the order's deadline is due; nil without a job.
    func job(of order: TestOrder) async throws -> Date? {
        try await pool.query(
            "select run_at from scheduled_job where kind = 'saga.deadline' and unique_key = $1", order.saga.lowercased
        ).first?.get(0)
    }

    /// What the saga waits for, if a job will see to it at that very time.
    func awaited(_ order: TestOrder) async throws -> OrderSagaDeadline? {
        let saga = try await saga(order.id)
        guard try await job(of: order) == saga.deadline?.at else { throw Missing(what: "job at the deadline") }
        return saga.deadline?.what
    }

    func now() async throws -> Date {
        guard let now: Date = try await pool.query("select now()").first?.get(0) else { throw Missing(what: "time") }
        return now
    }

    struct Missing: Error {
        let what: String
    }
}

extension Logger {
    /// Tests that let things go wrong on purpose do not fill the terminal with warnings.
    static var quiet: Logger {
        var logger = Logger.test
        if logger.logLevel == .warning { logger.logLevel = .critical }
        return logger
    }
}
