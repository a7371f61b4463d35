import Foundation
import JetStream
import Postgres
import ServiceRuntime

/// The time from an insert to its event's being stored, at a rate.
///
/// The clock starts in the inserting statement, so its commit is part of it, and stops where nats-server stamps the
/// message: one machine, one clock, and nothing of the measuring in between.
struct LatencyProbe {
    let servers: RelayBenchServers
    let rate: Int
    let seconds: Int

    /// Latencies in milliseconds. The first second's are left out.
    func run(_ contestant: RelayContestant, hints: Bool) async throws -> [Double] {
        try await servers.control.runScript(RelayBenchSQL.empty)
        try await servers.control.query(RelayBenchSQL.partitions, Int32(1))
        try await servers.reset()
        let child = try await contestant.start(servers, rows: 0)
        defer { child.stop() }
        try await write(1, hints: true)
        _ = try await servers.wait(for: 1, while: child)
        // Up to 500 transactions a second, of several rows each above that.
        let size = max(1, rate / 500)
        let count = rate * seconds / size
        let hint = NATSWakeup(servers.context.connection, stream: RelayBenchServers.stream)
        let start = ContinuousClock.now
        for number in 0..<count {
            let due = start + .seconds(1) * (Double(number * size) / Double(rate))
            let rest = due - ContinuousClock.now
            if rest > .zero { try await Task.sleep(for: rest, tolerance: .zero) }
            try await servers.control.query(RelayBenchSQL.append, Int64(size))
            if hints { hint.notify() }
        }
        let total = count * size + 1
        _ = try await servers.wait(for: total, while: child)
        let inserted = try await servers.control.query(RelayBenchSQL.stamps).map { try $0.get(0, as: Double.self) }
        let stored = try await storedTimes(total)
        return zip(stored, inserted).dropFirst(rate + 1).map { ($0 - $1) * 1_000 }
    }

    private func write(_ size: Int, hints: Bool) async throws {
        try await servers.control.query(RelayBenchSQL.append, Int64(size))
        if hints { NATSWakeup(servers.context.connection, stream: RelayBenchServers.stream).notify() }
    }

    /// When each message was stored, in order, in seconds since 1970.
    private func storedTimes(_ count: Int) async throws -> [Double] {
        let stream = RelayBenchServers.stream
        let configuration = ConsumerConfiguration(durableName: "probe", ackPolicy: ConsumerConfiguration.AckPolicy.none)
        _ = try await servers.context.createConsumer(stream: stream, configuration)
        let consumer = servers.context.pullConsumer(stream: stream, durable: "probe")
        var times: [Double] = []
        while times.count < count {
            let messages = try await consumer.fetch(max: 500, expires: .seconds(5))
            guard !messages.isEmpty else { throw Child.Failure(description: "the stream gives no more messages") }
            times += messages.map { Double($0.metadata.nanoseconds) / 1e9 }
        }
        return times
    }
}

extension Array where Element == Double {
    /// The value below which so many percent of the values are.
    func percentile(_ point: Int) -> Double {
        isEmpty ? 0 : sorted()[Swift.min(count - 1, count * point / 100)]
    }
}
