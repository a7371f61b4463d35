import Foundation
import JetStream
import Postgres

/// The scenarios of ``RelayBenchmark``, and what they gave.
struct RelayScenarios {
    private let options: RelayBenchmark
    private(set) var report: BenchReport
    private(set) var table = FigureTable()

    init(_ options: RelayBenchmark) {
        self.options = options
        report = BenchReport(path: options.output, isQuiet: true)
    }

    private var repetitions: Int { options.quick ? 1 : options.repetitions }

    private func scaled(_ rows: Int) -> Int { options.quick ? rows / 10 : rows }

    private var ours: RelayContestant {
        RelayContestant(
            kind: .ours, inFlight: options.inFlight, throughLibnats: options.throughLibnats,
            limitProgram: options.limit)
    }
    /// As it is to be set up where the server does not sync.
    private var chained: RelayContestant {
        var chained = ours
        chained.atomicFrom = 0
        return chained
    }

    private var limit: RelayContestant {
        RelayContestant(
            kind: .limit, inFlight: options.inFlight, limitIsFenced: options.fencedLimit, limitProgram: options.limit)
    }

    mutating func measure(_ scenarios: [RelayBenchmark.Scenario]) async throws {
        let synced = scenarios.filter { $0 == .durable || $0 == .atomic }
        let others = scenarios.filter { $0 != .durable }
        for (syncsAlways, group) in [(false, others), (true, synced)] where !group.isEmpty {
            let servers = try await RelayBenchServers.start(syncsAlways: syncsAlways)
            do {
                for scenario in group {
                    try await measure(scenario, servers, syncsAlways)
                    // What is measured is kept, whatever happens to the rest.
                    try report.write()
                }
            } catch {
                await servers.stop()
                throw error
            }
            await servers.stop()
        }
    }

    private mutating func measure(
        _ scenario: RelayBenchmark.Scenario, _ servers: RelayBenchServers, _ syncsAlways: Bool
    ) async throws {
        note("\(scenario.rawValue)\(syncsAlways ? ", synced" : "")")
        switch scenario {
        case .throughput: try await throughput("default", chained, limit, servers, rows: scaled(options.rows))
        case .snapshot: try await snapshot(servers)
        case .durable: try await durable(servers)
        case .latency: try await latency(servers)
        case .growth: try await growth(servers)
        case .idle: try await idle(servers)
        case .memory: try await memory(servers)
        case .batches: try await batches(servers)
        case .rates: try await rates(servers)
        case .atomic: try await atomic(servers, syncsAlways ? "synced" : "default")
        }
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("bench-relay: \(text)\n".utf8))
    }

    // MARK: Throughput

    private mutating func throughput(
        _ name: String, _ ours: RelayContestant, _ limit: RelayContestant, _ servers: RelayBenchServers, rows: Int,
        fills: Bool = true
    ) async throws {
        if fills { try await servers.fill(rows: rows) }
        var passes: [RelayPass] = []
        var limits: [RelayPass] = []
        for repetition in 0..<repetitions {
            // In turns, and not always the same one first: the machine's state drifts.
            for contestant in repetition.isMultiple(of: 2) ? [limit, ours] : [ours, limit] {
                let pass = try await RelayPass.run(contestant, servers, rows: rows)
                if contestant.kind == .ours { passes.append(pass) } else { limits.append(pass) }
                note("\(name) \(contestant.kind) \(Int(pass.rate))/s")
            }
        }
        let ratio = zip(passes, limits).map { $0.rate / $1.rate }.median
        let rate = passes.map(\.rate).median
        let most = limits.map(\.rate).median
        report.add("relay.\(name).limit", most, "rows/s")
        report.add("relay.\(name)", rate, "rows/s", ratio: ratio, of: "relay.\(name).limit")
        let costs = [
            ("relay", passes.map(\.relay).median), ("postgres", passes.map(\.backend).median),
            ("nats-server", passes.map(\.server).median), ("nats-server.limit", limits.map(\.server).median),
        ]
        for (part, cost) in costs { report.add("relay.\(name).cpu.\(part)", cost, "µs/row") }
        table.add(
            "\(name), \(rows) rows", "\(Int(rate))/s", limit: "\(Int(most))/s", ratio: ratio, goal: ">= 0.7")
        table.add(
            "  CPU µs a row: relay, postgres, nats-server",
            costs.prefix(3).map { Self.short($0.1) }.joined(separator: " "),
            limit: "nats-server \(Self.short(costs[3].1))")
    }

    private mutating func snapshot(_ servers: RelayBenchServers) async throws {
        let holder = try await PostgresConnection.connect(PostgresConfiguration(servers.database))
        try await servers.fill(rows: scaled(options.rows))
        try await holder.query("begin isolation level repeatable read")
        // The first statement takes the snapshot; it must not lock what the measurement empties.
        try await holder.query("select count(*) from pg_class")
        try await throughput(
            "snapshot-held", chained, limit, servers, rows: scaled(options.rows), fills: false)
        await holder.close()
    }

    private mutating func durable(_ servers: RelayBenchServers) async throws {
        var ours = ours
        ours.inFlight = 3
        var limit = limit
        limit.inFlight = 3
        limit.limitIsAtomic = true
        try await throughput("durable", ours, limit, servers, rows: scaled(options.durableRows))
    }

    private mutating func growth(_ servers: RelayBenchServers) async throws {
        let rows = scaled(1_000_000)
        for before in [0, scaled(options.table)] {
            try await servers.fill(rows: before)
            try await servers.append(rows: rows)
            var passes: [RelayPass] = []
            for _ in 0..<repetitions {
                try await servers.reset()
                if before > 0 { try await anchor(servers, at: before) }
                passes.append(
                    try await RelayPass.measure(ours, servers, rows: rows, before: before > 0 ? 1 : 0))
            }
            let name = "relay.growth.\(before)"
            let backend = passes.map(\.backend).median
            report.add(name, passes.map(\.rate).median, "rows/s")
            report.add("\(name).cpu.relay", passes.map(\.relay).median, "µs/row")
            report.add("\(name).cpu.postgres", backend, "µs/row")
            table.add(
                "behind a table of \(before) rows", "\(Int(passes.map(\.rate).median))/s",
                limit: "postgres \(Self.short(backend)) µs", goal: "flat")
        }
    }

    /// Makes the stream say that everything up to a position is in it, and the cursor that all before has aged out.
    private func anchor(_ servers: RelayBenchServers, at position: Int) async throws {
        let event = try await servers.control.query(RelayBenchSQL.event, Int64(position)).first?.get(
            0, as: [UInt8].self)
        let message = JetStreamMessage(
            subject: "order.created.v1", headers: ["Outbox-Position": "\(position)"], payload: event ?? [],
            id: "\(RelayBenchServers.stream)-\(position)")
        let sequence = try await servers.context.publish(message).sequence
        try await servers.control.query(
            RelayBenchSQL.anchor, RelayBenchServers.stream, Int64(position), Int64(sequence))
    }

    private mutating func batches(_ servers: RelayBenchServers) async throws {
        for size in options.sizes {
            let rows = scaled(min(options.rows, max(20_000, size * 1_000)))
            try await servers.fill(rows: rows)
            for contestant in [chained, limit] {
                var contestant = contestant
                contestant.batch = size
                let rates = try await run(contestant, servers, rows: rows)
                report.add(
                    "relay.batches.\(contestant.kind == .ours ? "ours" : "limit").\(size)", rates.median, "rows/s")
                table.add("batches of \(size), \(contestant.kind)", "\(Int(rates.median))/s")
            }
        }
    }

    private mutating func atomic(_ servers: RelayBenchServers, _ sync: String) async throws {
        for size in options.sizes where size > 1 {
            let rows = scaled(sync == "synced" ? max(4_000, size * 20) : max(20_000, size * 100))
            try await servers.fill(rows: rows)
            var rates: [Double] = []
            for least in [0, 2] {
                var contestant = ours
                contestant.batch = size
                contestant.atomicFrom = least
                let rate = try await run(contestant, servers, rows: rows).median
                rates.append(rate)
                report.add("relay.atomic.\(sync).\(least == 0 ? "single" : "atomic").\(size)", rate, "rows/s")
            }
            table.add(
                "\(sync) sync, batches of \(size): atomic against single", "\(Int(rates[1]))/s",
                limit: "\(Int(rates[0]))/s", ratio: rates[1] / rates[0])
        }
    }

    private func run(
        _ contestant: RelayContestant, _ servers: RelayBenchServers, rows: Int
    ) async throws -> [Double] {
        var rates: [Double] = []
        for _ in 0..<repetitions { rates.append(try await RelayPass.run(contestant, servers, rows: rows).rate) }
        return rates
    }

    // MARK: Latency

    private mutating func latency(_ servers: RelayBenchServers) async throws {
        for hints in [true, false] {
            let name = hints ? "hint" : "poll"
            let measured = try await latencies(ours, servers, rate: 500, hints: hints)
            let limits = hints ? try await latencies(limit, servers, rate: 500, hints: true) : nil
            for (point, goal) in Self.goals(hints: hints) {
                let ours = measured.percentile(point)
                let most = limits?.percentile(point)
                if let most { report.add("relay.latency.\(name).limit.p\(point)", most, "ms") }
                report.add("relay.latency.\(name).p\(point)", ours, "ms")
                table.add(
                    "insert to stored, 500/s, \(name), p\(point)", "\(Self.short(ours)) ms",
                    limit: most.map { "\(Self.short($0)) ms" } ?? "", goal: goal.map { "< \($0) ms" } ?? "")
            }
        }
    }

    /// Percentiles, and the milliseconds that they are to be below; nil: no goal.
    private static func goals(hints: Bool) -> [(Int, Double?)] {
        hints ? [(50, 1.5), (99, 4)] : [(50, nil), (99, 30)]
    }

    private mutating func rates(_ servers: RelayBenchServers) async throws {
        for rate in options.rates {
            for contestant in [ours, limit] {
                let who = contestant.kind == .ours ? "ours" : "limit"
                let measured = try await latencies(contestant, servers, rate: rate, hints: true)
                for point in [50, 99] {
                    report.add("relay.rates.\(who).\(rate).p\(point)", measured.percentile(point), "ms")
                }
                table.add(
                    "insert to stored, \(rate)/s, \(who), p50 p99",
                    "\(Self.short(measured.percentile(50))) \(Self.short(measured.percentile(99))) ms")
            }
        }
    }

    /// All repetitions' figures together, in milliseconds.
    private func latencies(
        _ contestant: RelayContestant, _ servers: RelayBenchServers, rate: Int, hints: Bool
    ) async throws -> [Double] {
        var all: [Double] = []
        for _ in 0..<repetitions {
            let probe = LatencyProbe(servers: servers, rate: rate, seconds: options.quick ? 2 : options.seconds)
            all += try await probe.run(contestant, hints: hints)
        }
        return all
    }

    // MARK: Idle, memory

    private mutating func idle(_ servers: RelayBenchServers) async throws {
        try await servers.fill(rows: 1_000)
        try await servers.reset()
        let child = try await ours.start(servers, rows: 1_000)
        defer { child.stop() }
        _ = try await servers.wait(for: 1_000, while: child)
        try await Task.sleep(for: .seconds(2))
        let seconds = options.quick ? 5 : 20
        let before = ProcessUsage.cpu(child.pid)
        let start = ContinuousClock.now
        try await Task.sleep(for: .seconds(seconds))
        let share = (ProcessUsage.cpu(child.pid) - before) / ((ContinuousClock.now - start) / .seconds(1)) * 100
        report.add("relay.idle.cpu", share, "%")
        table.add("CPU with nothing to do", "\(Self.short(share)) %", goal: "< 1 %")
    }

    private mutating func memory(_ servers: RelayBenchServers) async throws {
        for (rows, bytes) in [(scaled(500_000), 400), (scaled(2_000), 200_000)] {
            try await servers.fill(rows: rows, bytes: bytes)
            let pass = try await RelayPass.run(ours, servers, rows: rows)
            report.add("relay.memory.\(bytes)", pass.memory, "MiB")
            table.add(
                "peak memory, \(rows) rows of \(bytes) bytes", "\(Self.short(pass.memory)) MiB", goal: "< 60 MB")
        }
    }

    private static func short(_ value: Double) -> String {
        String(format: value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value)
    }
}
