public import Logging
import Metrics
public import Postgres
public import ServiceLifecycle

/// Shows how upkeep stands, whether or not its job runs: partitions ahead, partitions that should be gone, and how far
/// back the ledger goes.
public struct UpkeepGauges: Service {
    private let pool: PostgresPool
    private let outboxRetention: Duration
    private let interval: Duration
    private let logger: Logger
    private let outboxAhead: Gauge
    private let inboxAhead: Gauge
    private let overdue: Gauge
    private let oldest: Gauge

    /// - Parameters:
    ///   - service: whose ledger; the metrics' label.
    ///   - outboxRetention: as ``UpkeepJob`` has it.
    public init(
        service: String, pool: PostgresPool, outboxRetention: Duration = .days(14), interval: Duration = .seconds(15),
        logger: Logger
    ) {
        self.pool = pool
        self.outboxRetention = outboxRetention
        self.interval = interval
        self.logger = logger
        outboxAhead = Gauge(label: "outbox_partitions_ahead", dimensions: [("service", service)])
        inboxAhead = Gauge(label: "inbox_partitions_ahead", dimensions: [("service", service)])
        overdue = Gauge(label: "outbox_partitions_overdue", dimensions: [("service", service)])
        oldest = Gauge(label: "outbox_ledger_age_seconds", dimensions: [("service", service)])
    }

    /// Measures until the service group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var isInterrupted = false
            while !Task.isCancelled {
                do {
                    try await measure()
                    isInterrupted = false
                } catch {
                    // Said once an outage.
                    if !isInterrupted && !Task.isCancelled {
                        logger.warning("upkeep's gauges interrupted, will go on", metadata: ["error": "\(error)"])
                    }
                    isInterrupted = true
                }
                // The pace; cancellation ends it and the loop.
                try? await Task.sleep(for: interval)
            }
        }
    }

    func measure() async throws {
        let row = try await pool.query(UpkeepSQL.gauges.bind(outboxRetention.microseconds)).first
        guard let (outbox, inbox, due, age) = try row?.decode(Int64.self, Int64.self, Int64.self, Double?.self)
        else { return }
        outboxAhead.record(outbox)
        inboxAhead.record(inbox)
        overdue.record(due)
        oldest.record(age ?? 0)
    }
}
