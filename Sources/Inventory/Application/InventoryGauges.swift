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
        await RegularLook(every: interval, logger: logger, failureMessage: "gauges interrupted, will go on").run(()) {
            metrics.setActive(try await countActive())
        }
    }

    func countActive() async throws -> Int {
        try await pool.query(ReservationSQL.countActive.bind()).first?.get(0, as: Int.self) ?? 0
    }
}
