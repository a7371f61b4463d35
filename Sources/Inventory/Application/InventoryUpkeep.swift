import Logging
import Outbox
import Postgres
import ServiceLifecycle

/// Runs beside the service: makes sure that the recurring jobs are there, and keeps the gauges.
struct InventoryUpkeep: Service {
    let pool: PostgresPool
    let jobs: JobQueue
    let configuration: InventoryConfiguration
    let metrics: InventoryMetrics
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isInterrupted = false
            while !Task.isCancelled {
                do {
                    try await ensureJobs()
                    try await readGauges()
                    isInterrupted = false
                } catch {
                    if !isInterrupted && !Task.isCancelled {
                        logger.warning("inventory upkeep interrupted, will go on", metadata: ["error": "\(error)"])
                    }
                    isInterrupted = true
                }
                // Cancelled by the stop: the loop's condition sees it.
                try? await Task.sleep(for: configuration.gaugeInterval)
            }
        }
    }

    /// Cheap when they are there; again each time, so that a job that somebody deleted comes back.
    func ensureJobs() async throws {
        try await jobs.ensure(
            SweepReservations.kind, key: "sweep", after: configuration.sweepInterval, on: pool)
        try await jobs.ensure(
            CheckStockDrift.kind, key: "check", after: configuration.driftCheckInterval, on: pool)
    }

    func readGauges() async throws {
        let count = try await pool.query(ReservationSQL.countActive.bind()).first?.get(0, as: Int.self)
        metrics.setActive(count ?? 0)
    }
}
