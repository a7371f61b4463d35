import Foundation
import JetStream
import LocalServers
import Postgres

/// What is measured: our relay, or the C program beside it.
struct RelayContestant {
    enum Kind {
        case ours, limit
    }

    var kind: Kind
    var batch = 1_000
    var inFlight = 4
    /// From which batch size on batches are atomic (0: never); nil: what the relay does by itself.
    var atomicFrom: Int?
    /// Whether the relay publishes through libnats, as it does with TLS.
    var throughLibnats = false
    /// Whether the C program sends atomic batches.
    var limitIsAtomic = false
    /// Whether the C program sends the headers of a fenced relay too.
    var limitIsFenced = false
    /// The path of the C program.
    let limitProgram: String

    func start(_ servers: RelayBenchServers, rows: Int) async throws -> Child {
        switch kind {
        case .ours:
            var arguments = [
                "run-relay", "--database", servers.database, "--nats", servers.nats.url, "--batch", "\(batch)",
                "--in-flight", "\(inFlight)",
            ]
            if throughLibnats { arguments.append("--through-libnats") }
            if let atomicFrom { arguments += ["--atomic-from", "\(atomicFrom)"] }
            return try await Child.start(CommandLine.arguments[0], arguments)
        case .limit:
            return try await Child.start(
                limitProgram,
                [
                    servers.database + "?application_name=" + RunRelay.applicationName, "\(servers.nats.port)",
                    RelayBenchServers.stream, "\(rows)", "\(batch)",
                    "\(inFlight)", limitIsAtomic ? "atomic" : "single", rows == 0 ? "follow" : "drain",
                    limitIsFenced ? "full" : "bare",
                ])
        }
    }
}

/// One run over a backlog.
struct RelayPass {
    /// Rows a second, from the first to the last message's being stored.
    let rate: Double
    /// CPU time in µs a row; nil where it was not looked at.
    var relay = 0.0
    var backend = 0.0
    var server = 0.0
    /// Peak memory of the relay in MiB.
    var memory = 0.0

    /// Relays the whole ledger, of `rows` rows, into an empty stream.
    static func run(_ contestant: RelayContestant, _ servers: RelayBenchServers, rows: Int) async throws -> RelayPass {
        try await servers.reset()
        return try await measure(contestant, servers, rows: rows, before: 0)
    }

    /// - Parameter before: messages that are in the stream already.
    static func measure(
        _ contestant: RelayContestant, _ servers: RelayBenchServers, rows: Int, before: Int
    ) async throws -> RelayPass {
        let natsPID = servers.nats.processID ?? 0
        let natsBefore = ProcessUsage.cpu(natsPID)
        let child = try await contestant.start(servers, rows: rows)
        defer { child.stop() }
        let info = try await servers.wait(for: rows + before, while: child)
        let first =
            before == 0
            ? info.state.firstTime
            : try await servers.context.message(stream: RelayBenchServers.stream, sequence: UInt64(before + 1))?.time
        guard let first, let last = info.state.lastTime, last > first else {
            throw Child.Failure(description: "the stream does not tell its times")
        }
        var pass = RelayPass(rate: Double(rows) / last.timeIntervalSince(first))
        pass.server = (ProcessUsage.cpu(natsPID) - natsBefore) * 1e6 / Double(rows)
        guard contestant.kind == .ours else { return pass }
        pass.relay = ProcessUsage.cpu(child.pid) * 1e6 / Double(rows)
        pass.memory = ProcessUsage.peakMemory(child.pid)
        let session = try await servers.control.query(RelayBenchSQL.relaySession, RunRelay.applicationName).first
        if let pid: Int32 = try session?.get(0) { pass.backend = ProcessUsage.cpu(pid) * 1e6 / Double(rows) }
        return pass
    }
}
