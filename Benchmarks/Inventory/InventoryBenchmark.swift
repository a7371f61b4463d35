import ArgumentParser
import Contracts
import Foundation
import Inventory
import JetStream
import LocalServers
import Logging
import Outbox
import Postgres
import Schema
import ServiceRuntime

/// `benchmarks inventory`: reservations one by one beside pgbench, in batches from a stream, and the end of many holds.
struct InventoryBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory", abstract: "Reservations of distinct products, baskets and one hot product; expiry.",
        discussion: """
            Starts a Postgres and a nats-server of its own. "distinct" orders a piece of one of many products each, \
            "basket" one each of three of them, "hot" all of the same one. Holds count as ended once everybody sees it.
            """)

    @Option(help: "Seconds of one measurement of single orders.")
    var seconds = 4

    @Option(help: "How often each is measured, in turns with pgbench; the medians count.")
    var repetitions = 3

    @Option(parsing: .upToNextOption, help: "How many connections, each with one order after the other.")
    var connections = [1, 8]

    @Option(help: "How many products there are to choose from.")
    var products = 10_000

    @Option(help: "How many orders the stream holds that is consumed.")
    var orders = 50_000

    @Option(help: "How many holds end at the same moment.")
    var holds = 10_000

    @Flag(help: "Leave out all but the end of holds.")
    var onlyExpiry = false

    @Option(help: "Where to write the figures as JSON.")
    var output = BenchReport.defaultPath

    /// What the measurements work with.
    struct Servers {
        let postgres: LocalPostgres
        let nats: LocalNATS
        let control: PostgresConnection
        let pool: PostgresPool
        let context: JetStreamContext
        let service: InventoryService
        let jobs: JobQueue
        let logger: Logger

        var database: String { postgres.connectionString(database: "bench") }

        func consumer() throws -> ConsumerDefinition {
            guard let consumer = service.consumers.first(where: { $0.name == "inventory-orders" }) else {
                throw Child.Failure(description: "the inventory has no consumer inventory-orders")
            }
            return consumer
        }
    }

    /// What the orders want.
    struct Shape {
        let name: String
        let products: Int
        var lines = 1
    }

    func run() async throws {
        var settings = TransactionBenchmark.settings
        settings["track_commit_timestamp"] = "on"  // when each hold ended
        let postgres = try await LocalPostgres.start(settings: settings)
        let nats = try await LocalNATS.start()
        do {
            try await measure(postgres, nats)
        } catch {
            await nats.stop()
            await postgres.stop()
            throw error
        }
        await nats.stop()
        await postgres.stop()
    }

    private func measure(_ postgres: LocalPostgres, _ nats: LocalNATS) async throws {
        var logger = Logger(label: "benchmarks")
        logger.logLevel = .warning
        try await postgres.createDatabase("bench")
        let database = PostgresConfiguration(postgres.connectionString(database: "bench"))
        let control = try await PostgresConnection.connect(database)
        _ = try await Migrator(SchemaCatalog.inventory).up(control)
        try await control.query(InventoryBenchSQL.products, Int64(products))
        try await control.query(InventoryBenchSQL.stock)
        let connection = try await NATSConnection.connect(NATSConfiguration(servers: [nats.url]), logger: logger)
        let pool = PostgresPool(database, size: max(16, connections.max() ?? 1), logger: logger)
        let jobs = JobQueue()
        let environment = ServiceEnvironment(
            pool: pool, outbox: OutboxWriter(stream: "inventory", hint: Wakeup()), jobs: jobs, logger: logger)
        let servers = Servers(
            postgres: postgres, nats: nats, control: control, pool: pool, context: JetStreamContext(connection),
            service: InventoryService(environment: environment), jobs: jobs, logger: logger)

        var report = BenchReport(path: output)
        if !onlyExpiry {
            for shape in [
                Shape(name: "distinct", products: products), Shape(name: "basket", products: products, lines: 3),
                Shape(name: "hot", products: 1),
            ] {
                for count in connections { try await measureSingles(shape, count, servers, &report) }
                if shape.lines == 1 { try await measureStream(shape, servers, &report) }
            }
        }
        try await measureExpiry(servers, &report)
        try report.write()
        await pool.close()
        await connection.close()
        await control.close()
    }

    func empty(_ servers: Servers) async throws {
        for script in InventoryBenchSQL.empty { try await servers.control.runScript(script) }
    }

    // MARK: One order a transaction

    private func measureSingles(
        _ shape: Shape, _ count: Int, _ servers: Servers, _ report: inout BenchReport
    ) async throws {
        let pgbench = try PgBench()
        var ours: [Double] = []
        var theirs: [Double] = []
        for repetition in 0..<repetitions {
            for isOurs in repetition.isMultiple(of: 2) ? [false, true] : [true, false] {
                try await empty(servers)
                if isOurs {
                    ours.append(try await reserveSingly(shape, count, servers))
                } else {
                    theirs.append(
                        try await pgbench.run(
                            ReservationScript(products: shape.products, lines: shape.lines).text, connections: count,
                            seconds: seconds,
                            database: servers.database))
                }
            }
        }
        let label = "inventory.reserve.\(shape.name).\(count)"
        report.add("\(label).pgbench", theirs.median, "orders/s")
        let ratio = zip(ours, theirs).map { $0 / $1 }.median
        report.add(label, ours.median, "orders/s", ratio: ratio, of: "\(label).pgbench")
    }

    private func reserveSingly(_ shape: Shape, _ count: Int, _ servers: Servers) async throws -> Double {
        let events = try (0..<seconds * 6_000).map {
            try Self.event(shape.products, lines: shape.lines, sequence: UInt64($0 + 1))
        }
        let handler = try servers.consumer().handler
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let total = try await withThrowingTaskGroup { group in
            for client in 0..<count {
                group.addTask {
                    var done = 0
                    for index in stride(from: client, to: events.count, by: count) where ContinuousClock.now < end {
                        _ = try await servers.pool.withTransaction {
                            try await handler.handle(batch: [events[index]], in: $0)
                        }
                        done += 1
                    }
                    return done
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(total) / ((ContinuousClock.now - start) / .seconds(1))
    }

    // MARK: In batches, from the stream

    private func measureStream(
        _ shape: Shape, _ servers: Servers, _ report: inout BenchReport
    ) async throws {
        let pgbench = try PgBench()
        var rates: [Double] = []
        var theirs: [Double] = []
        for _ in 0..<repetitions {
            let consumer = try servers.consumer()
            try await empty(servers)
            let script = ReservationScript(products: shape.products, orders: consumer.batchSize)
            theirs.append(
                Double(consumer.batchSize)
                    * (try await pgbench.run(
                        script.text, connections: 1, seconds: seconds, database: servers.database)))
            try await empty(servers)
            try await fillStream(shape.products, servers)
            let configuration = ConsumerConfiguration(durableName: consumer.name)
            _ = try await servers.context.createConsumer(stream: consumer.stream, configuration)
            let runner = ConsumerRunner(
                consumer, broker: JetStreamBroker(servers.context.connection), pool: servers.pool,
                logger: servers.logger)
            let start = ContinuousClock.now
            try await withThrowingTaskGroup { group in
                group.addTask { try await runner.run() }
                while true {
                    let info = try await servers.context.consumerInfo(stream: consumer.stream, consumer.name)
                    if info.pending == 0, info.ackPending == 0 { break }
                    try await Task.sleep(for: .milliseconds(20))
                }
                rates.append(Double(orders) / ((ContinuousClock.now - start) / .seconds(1)))
                group.cancelAll()
            }
            let reserved = try await servers.control.query(InventoryBenchSQL.reservations).first?.get(0, as: Int.self)
            guard reserved == orders else {
                throw Child.Failure(description: "\(reserved ?? 0) of \(orders) orders were reserved")
            }
        }
        let label = "inventory.consume.\(shape.name)"
        report.add("\(label).pgbench", theirs.median, "orders/s")
        let ratio = zip(rates, theirs).map { $0 / $1 }.median
        report.add(label, rates.median, "orders/s", ratio: ratio, of: "\(label).pgbench")
    }

    private func fillStream(_ choice: Int, _ servers: Servers) async throws {
        let stream = "orders"
        do {
            try await servers.context.deleteStream(stream)
        } catch {
            guard error.kind == .streamNotFound else { throw error }
        }
        _ = try await servers.context.createStream(StreamConfiguration(name: stream, subjects: ["order.>"]))
        for first in stride(from: 0, to: orders, by: 500) {
            let messages = try (first..<min(first + 500, orders)).map { number in
                JetStreamMessage(
                    subject: EventType.orderCreated,
                    payload: try Self.event(choice, sequence: UInt64(number + 1)).json)
            }
            for outcome in await servers.context.publishPipelined(messages, timeout: .seconds(10)).outcomes() {
                _ = try outcome.get()
            }
        }
    }

    /// An order of one piece each of so many of the products.
    static func event(_ products: Int, lines: Int = 1, sequence: UInt64) throws -> InboundEvent {
        let order = UUID.v7()
        let price = Money(amount: 2500, currency: "EUR")
        var numbers: Set<Int> = []
        while numbers.count < lines { numbers.insert(Int.random(in: 1...products)) }
        let event = try OutboxEvent(
            type: EventType.orderCreated, aggregateType: "order", aggregateID: order.uuidString.lowercased(),
            source: "/artesanos/orders",
            data: OrderCreated(
                orderId: order, sagaId: .v7(), customerId: "ana",
                lines: numbers.map { OrderLine(sku: "SKU-\($0)", quantity: 1, unitPrice: price) }, total: price))
        return try InboundEvent(json: event.json, stream: "orders", streamSequence: sequence, deliveryCount: 1)
    }
}
