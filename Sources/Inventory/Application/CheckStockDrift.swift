import Logging
import Outbox
import Postgres

/// Recomputes the counters from the reservations and from the ledger, and compares. What it finds is kept in the
/// database, where ``InventoryGauges`` reads it.
struct CheckStockDrift: JobHandler {
    static let kind = "stock.drift-check"
    var kind: String { Self.kind }
    let retry = RetryPolicy(maxAttempts: .max, base: .seconds(5), cap: .seconds(300))
    let interval: Duration
    let logger: Logger

    func run(_ jobs: [Job], in transaction: PostgresTransaction) async throws -> JobOutcome {
        let rows = try await transaction.query(DriftSQL.drift.bind())
        let products = try rows.first?.get(6, as: Int.self) ?? 0
        transaction.enqueue(DriftSQL.keep.bind(products))
        for row in rows {
            let (sku, onHand, ledgerOnHand, reserved, ledgerReserved, held, _) = try row.decode(
                String.self, Int.self, Int.self, Int.self, Int.self, Int.self, Int.self)
            logger.error(
                "stock has drifted",
                metadata: [
                    "sku": "\(sku)", "on_hand": "\(onHand)", "ledger_on_hand": "\(ledgerOnHand)",
                    "reserved": "\(reserved)", "ledger_reserved": "\(ledgerReserved)",
                    "held_by_reservations": "\(held)",
                ])
        }
        return .again(after: interval)
    }
}
