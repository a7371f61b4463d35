import Foundation
import Logging
import Postgres
import ServiceLifecycle
import ServiceRuntime

/// Looks for what other replicas have done to the orders that somebody waits for here: one query for all of them, so that a
/// thousand open event streams cost as much as one.
struct OrderWatch: Service {
    let pool: PostgresPool
    let signals: OrderSignals
    let interval: Duration
    let logger: Logger

    func run() async throws {
        await RegularLook(every: interval, logger: logger, failureMessage: "watching orders interrupted, will go on")
            .run([:]) { try await look($0) }
    }

    /// Wakes those whose order's history has grown. Those seen for the first time are woken too: what happened between
    /// their own look and this one must not be missed.
    /// - Parameter known: what the last look has returned.
    /// - Returns: how far the history of each order goes that is waited for.
    func look(_ known: [UUID: Int]) async throws -> [UUID: Int] {
        let orders = signals.orders
        guard !orders.isEmpty else { return [:] }
        let rows = try await pool.query(SagaSQL.progressOfMany.bind(orders))
        let now = Dictionary(uniqueKeysWithValues: try rows.decode(UUID.self, Int.self))
        signals.notify(now.filter { known[$0.key] != $0.value }.keys)
        return now
    }
}
