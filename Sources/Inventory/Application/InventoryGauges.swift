import Logging
import Postgres
import ServiceLifecycle
import ServiceRuntime

/// Keeps the gauges that no event tells: how many holds there are.
struct InventoryGauges: Service {
    let pool: PostgresPool
    let interval: Duration
    let metrics: InventoryMetrics
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isInterrupted = false
            while !Task.isCancelled {
                do {
                    metrics.setActive(try await countActive())
                    isInterrupted = false
                } catch {
                    // Said once an outage.
                    if !isInterrupted && !Task.isCancelled {
                        logger.warning("gauges interrupted, will go on", metadata: [LogKey.error: "\(error)"])
                    }
                    isInterrupted = true
                }
                // The pace; cancellation ends it and the loop.
                try? await Task.sleep(for: interval)
            }
        }
    }

    func countActive() async throws -> Int {
        try await pool.query(ReservationSQL.countActive.bind()).first?.get(0, as: Int.self) ?? 0
    }
}
