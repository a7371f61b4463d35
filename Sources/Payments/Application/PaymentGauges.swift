import Logging
import Postgres
import ServiceLifecycle
import ServiceRuntime

/// Keeps the gauge that no event tells: failed refunds that nobody has dealt with. Each process reads it itself, so that
/// none keeps showing what another has seen to.
struct PaymentGauges: Service {
    let pool: PostgresPool
    let interval: Duration
    let metrics: PaymentMetrics
    let logger: Logger

    func run() async throws {
        await RegularLook(every: interval, logger: logger, failureMessage: "gauges interrupted, will go on").run(()) {
            metrics.setUnresolvedRefunds(try await countUnresolved())
        }
    }

    func countUnresolved() async throws -> Int {
        try await pool.query(RefundSQL.countUnresolved.bind()).first?.get(0, as: Int.self) ?? 0
    }
}
