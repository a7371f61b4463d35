import Foundation
import Inventory
import Outbox
import Postgres

/// The end of many holds at once, as everybody else sees it: until their transactions are committed.
extension InventoryBenchmark {
    /// So much later than now the holds end, so that nothing of the setting up is left by then.
    private static let lead = 12.0
    /// A run in which less than this was left is refused.
    private static let leastLead = 2.0

    /// Seconds from the holds' end until a share of them, or all, were gone.
    private struct Gone {
        let half: Double
        let ninetyNine: Double
        let all: Double
    }

    func measureExpiry(_ servers: Servers, _ report: inout BenchReport) async throws {
        var runs: [Gone] = []
        for _ in 0..<repetitions {
            try await empty(servers)
            let handler = try servers.consumer().handler
            for first in stride(from: 0, to: holds, by: 500) {
                let events = try (first..<min(first + 500, holds)).map {
                    try Self.event(products, sequence: UInt64($0 + 1))
                }
                _ = try await servers.pool.withTransaction { try await handler.handle(batch: events, in: $0) }
            }
            runs.append(try await expireTogether(servers))
        }
        let name = "inventory.expire.\(holds)"
        report.add("\(name).lateness_p50", runs.map(\.half).median, "s")
        report.add("\(name).lateness_p99", runs.map(\.ninetyNine).median, "s")
        report.add("\(name).all", runs.map(\.all).median, "s")
    }

    private func expireTogether(_ servers: Servers) async throws -> Gone {
        try await servers.control.query(InventoryBenchSQL.dueTogether, Self.lead)
        guard let row = try await servers.control.query(InventoryBenchSQL.due).first else {
            throw Child.Failure(description: "nothing is held")
        }
        let (due, left) = try row.decode(Date.self, Double.self)
        guard left >= Self.leastLead else {
            throw Child.Failure(
                description:
                    "only \(left) s were left when all holds were set up: the figures would be of the setting up")
        }
        let runner = JobRunner(servers.service.jobs, queue: servers.jobs, pool: servers.pool, logger: servers.logger)
        return try await withThrowingTaskGroup { group in
            group.addTask { try await runner.run() }
            defer { group.cancelAll() }
            // Seldom: looking is work for the same two cores.
            while try await isAnyLeft(due, servers) { try await Task.sleep(for: .milliseconds(50)) }
            guard let row = try await servers.control.query(InventoryBenchSQL.gone, due).first else {
                throw Child.Failure(description: "no hold has ended")
            }
            let (half, ninetyNine, all, first) = try row.decode(Double.self, Double.self, Double.self, Double.self)
            guard first >= 0 else { throw Child.Failure(description: "a hold has ended before its time") }
            return Gone(half: half, ninetyNine: ninetyNine, all: all)
        }
    }

    private func isAnyLeft(_ due: Date, _ servers: Servers) async throws -> Bool {
        guard let row = try await servers.control.query(InventoryBenchSQL.left, due).first else { return false }
        let (isLeft, late) = try row.decode(Bool.self, Double.self)
        guard late < 120 else { throw Child.Failure(description: "holds do not end") }
        return isLeft
    }
}
