import ArgumentParser
import Foundation
import LocalServers
import Logging
import Postgres
import Synchronization

/// `benchmarks tx`: the order transaction by our client, beside pgbench.
struct TransactionBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tx", abstract: "The order transaction by our Postgres client, beside pgbench -M prepared.")

    @Option(help: "Seconds of one measurement.")
    var seconds = 4

    @Option(help: "How often each is measured, in turns; the medians count.")
    var repetitions = 5

    @Option(parsing: .upToNextOption, help: "How many connections, each with a task of its own.")
    var connections = [1, 8, 32]

    @Option(parsing: .upToNextOption, help: "Which shapes: \(OrderTransaction.Shape.allCases.map(\.rawValue)).")
    var shapes = OrderTransaction.Shape.allCases

    @Option(help: "Where to write the figures as JSON.")
    var output = BenchReport.defaultPath

    /// As durable as production (fsync and synchronous_commit on), with memory enough not to measure the disk alone.
    static let settings = [
        "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB",
        "wal_buffers": "64MB", "max_wal_size": "8GB", "min_wal_size": "2GB", "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9", "wal_compression": "lz4", "wal_level": "logical",
        "work_mem": "32MB", "random_page_cost": "1.1", "autovacuum_vacuum_cost_delay": "0",
    ]

    private struct Case: Hashable {
        let shape: OrderTransaction.Shape
        let connections: Int
    }

    func run() async throws {
        let pgbench = try PgBench()
        let server = try await LocalPostgres.start(settings: Self.settings)
        do {
            try await measure(server, pgbench)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func measure(_ server: LocalPostgres, _ pgbench: PgBench) async throws {
        try await server.createDatabase("bench")
        let database = server.connectionString(database: "bench")
        let control = try await PostgresConnection.connect(PostgresConfiguration(database))
        try await control.runScript(OrderTransaction.schema)
        let cases = connections.flatMap { count in shapes.map { Case(shape: $0, connections: count) } }
        var ours: [Case: [Double]] = [:]
        var theirs: [Case: [Double]] = [:]
        for repetition in 0..<repetitions {
            for measured in cases {
                // In turns, and not always the same one first: the machine's state drifts.
                for isOurs in repetition.isMultiple(of: 2) ? [false, true] : [true, false] {
                    try await control.query(OrderTransaction.empty)
                    try await control.runScript("checkpoint")
                    if isOurs {
                        ours[measured, default: []].append(try await runOurs(measured, database))
                    } else {
                        let rate = try await pgbench.run(
                            OrderTransaction.script(measured.shape), connections: measured.connections,
                            seconds: seconds, database: database)
                        theirs[measured, default: []].append(rate)
                    }
                }
            }
        }
        await control.close()
        var report = BenchReport(path: output)
        for measured in cases {
            let name = "tx.\(measured.shape.rawValue).\(measured.connections)"
            let rates = ours[measured] ?? []
            let baselines = theirs[measured] ?? []
            report.add("\(name).pgbench", baselines.median, "tx/s")
            // The ratio of two runs that followed one another: what else the machine did was much the same for both.
            let ratio = zip(rates, baselines).map { $0 / $1 }.median
            report.add(name, rates.median, "tx/s", ratio: ratio, of: "\(name).pgbench")
        }
        try report.write()
    }

    /// As many tasks as connections, each storing one order after the other; transactions a second.
    private func runOurs(_ measured: Case, _ database: String) async throws -> Double {
        let pool = PostgresPool(
            PostgresConfiguration(database), size: measured.connections, logger: Logger(label: "benchmarks"))
        // Each connection opened, and its statements prepared, before the clock starts.
        try await withThrowingTaskGroup { group in
            for client in 0..<measured.connections {
                group.addTask {
                    try await pool.withConnection { _ in try await Task.sleep(for: .milliseconds(200)) }
                    try await OrderTransaction.run(measured.shape, id: -Int64(client + 1), on: pool)
                }
            }
            try await group.waitForAll()
        }
        let start = ContinuousClock.now
        let end = start + .seconds(seconds)
        let total = try await withThrowingTaskGroup { group in
            for client in 0..<measured.connections {
                group.addTask {
                    var count: Int64 = 0
                    while ContinuousClock.now < end {
                        count += 1
                        let id = 1_000_000_000_000 * Int64(client + 1) + count
                        try await OrderTransaction.run(measured.shape, id: id, on: pool)
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        let duration = (ContinuousClock.now - start) / .seconds(1)
        await pool.close()
        return Double(total) / duration
    }
}

extension OrderTransaction.Shape: ExpressibleByArgument {}
