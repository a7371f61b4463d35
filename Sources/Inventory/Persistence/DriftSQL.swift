import Postgres

/// The check that the counters, the reservations and the ledger say the same.
enum DriftSQL {
    /// The first hundred, each with the number of all.
    static let drift: Statement = """
        select sku, on_hand, ledger_on_hand, reserved, ledger_reserved, held_by_reservations, count(*) over ()
        from stock_drift
        order by sku
        limit 100
        """

    /// What the check found, for the gauges of all replicas.
    static let keep: Statement = """
        insert into stock_drift_check (products) values ($1::bigint)
        on conflict (only_row) do update set products = excluded.products, checked_at = clock_timestamp()
        """

    static let all = [drift, keep]
}
