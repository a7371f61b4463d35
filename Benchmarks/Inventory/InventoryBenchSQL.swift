import Postgres

/// What the inventory's benchmark does to its database.
enum InventoryBenchSQL {
    static let products: Statement = """
        insert into product (sku, artisan_id, title, price_minor, currency)
        select 'SKU-' || n, 'ana', 'A piece', 2500, 'EUR' from generate_series(1, $1::bigint) n
        """

    static let stock: Statement = """
        insert into stock (sku, on_hand) select sku, 1000000000 from product
        """

    /// Nothing is held any more. The ledger refuses to be emptied, so its trigger is left out.
    static let empty = [
        """
        set session_replication_role = replica;
        truncate reservation_line, reservation, reservation_order, stock_ledger, scheduled_job, inbox, outbox;
        update stock set reserved = 0;
        set session_replication_role = origin;
        """,
        "vacuum (full, analyze) stock",
        "checkpoint",
    ]

    /// All holds end so many seconds from now.
    static let dueTogether: Statement = """
        with due as (
            select clock_timestamp() + $1::float8 * interval '1 second' as at
        ), holds as (
            update reservation r set expires_at = due.at from due where r.status = 'active'
        )
        update scheduled_job j set run_at = due.at from due where j.kind = 'reservation.expire'
        """

    /// When the holds end, and in how many seconds that is.
    static let due: Statement = """
        select max(expires_at), extract(epoch from max(expires_at) - clock_timestamp())::float8
        from reservation
        where status = 'active'
        """

    /// How many holds everybody still sees, and how many seconds after their end that is. The clock is read after the
    /// rows, so what is seen gone was gone by then.
    static let held: Statement = """
        select h.count, extract(epoch from clock_timestamp() - $1::timestamptz)::float8
        from (select count(*) from reservation where status = 'active') h
        """

    static let reservations: Statement = "select count(*) from reservation"
}
