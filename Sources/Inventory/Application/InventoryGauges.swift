import Logging
import Postgres
import ServiceLifecycle
import ServiceRuntime

/// Keeps the gauges that no event tells: how many holds there are, and what the last check of the stock found. Each
/// replica reads them from the database, so that all say the same whoever made the check.
struct InventoryGauges: Service {
    let pool: PostgresPool
    let interval: Duration
    let metrics: InventoryMetrics
    let logger: Logger

    func run() async throws {
        await RegularLook(every: interval, logger: logger, failureMessage: "gauges interrupted, will go on").run(()) {
            try await look()
        }
    }

    func look() async throws {
        metrics.set(try await StockReader.levels(on: pool))
    }
}
