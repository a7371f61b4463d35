import Logging
import Postgres
import ServiceLifecycle
import ServiceRuntime

/// Keeps the gauges that no event tells: failed refunds that nobody has dealt with, and Stripe's events that nobody could
/// place. Each process reads them itself, so that none keeps showing what another has seen to.
struct PaymentGauges: Service {
    let pool: PostgresPool
    let interval: Duration
    let metrics: PaymentMetrics
    let logger: Logger

    func run() async throws {
        await RegularLook(every: interval, logger: logger, failureMessage: "gauges interrupted, will go on").run(()) {
            let counts = try await counts()
            metrics.setUnresolvedRefunds(counts.unresolved)
            metrics.setUnplacedEvents(counts.unplaced)
        }
    }

    func counts() async throws -> (unresolved: Int, unplaced: Int) {
        let results = try await pool.pipeline([
            RefundSQL.countUnresolved.bind(), StripeEventSQL.countUnplaced.bind(),
        ])
        return (
            try results[0].first?.get(0, as: Int.self) ?? 0, try results[1].first?.get(0, as: Int.self) ?? 0
        )
    }
}
