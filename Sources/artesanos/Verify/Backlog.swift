import JetStream
import Composition
import Postgres

/// What is on its way at one moment.
struct Backlog: Sendable, Encodable, Equatable {
    /// In the ledgers, and not in the streams yet.
    var unrelayed: Int64 = 0
    /// In the streams, and not acknowledged by a consumer that is to have it.
    var unconsumed: Int64 = 0
    /// Jobs that are due.
    var dueJobs: Int64 = 0

    var isQuiet: Bool { self == Backlog() }

    static func read(_ system: SystemView) async throws -> Backlog {
        var backlog = Backlog()
        for service in ServiceName.allCases {
            guard let row = try await system.pool(service).query(VerifySQL.backlog).first else { continue }
            backlog.unrelayed += try row.get(0, as: Int64.self)
            backlog.dueJobs += try row.get(1, as: Int64.self)
        }
        for consumer in system.consumers {
            let info = try await system.context.consumerInfo(stream: consumer.source.stream, consumer.name)
            backlog.unconsumed += Int64(info.pending) + Int64(info.ackPending)
        }
        return backlog
    }

    /// Waits until nothing has been on its way in two looks.
    /// - Returns: whether it came to that in time.
    static func settle(_ system: SystemView, within limit: Duration) async throws -> Bool {
        let end = ContinuousClock.now + limit
        var quietLooks = 0
        while true {
            quietLooks = try await read(system).isQuiet ? quietLooks + 1 : 0
            if quietLooks == 2 { return true }
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
