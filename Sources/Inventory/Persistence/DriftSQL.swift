import Postgres

/// The check that the counters, the reservations and the ledger say the same.
enum DriftSQL {
    static let drift: Statement = """
        select sku, on_hand, ledger_on_hand, reserved, ledger_reserved, held_by_reservations
        from stock_drift
        order by sku
        limit 100
        """

    static let all = [drift]
}
