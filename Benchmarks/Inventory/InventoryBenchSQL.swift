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

    /// Whether holds are left, and how many seconds past their end that is.
    static let left: Statement = """
        select exists (select from reservation where status = 'active'),
               extract(epoch from clock_timestamp() - $1::timestamptz)::float8
        """

    /// In how many seconds after the holds' end half of them, 99 in 100, and all were gone: by the time at which the
    /// transaction that ended each was committed, which the server keeps. The last column is the earliest.
    static let gone: Statement = """
        select late[1], late[2], late[3], late[4]
        from (
            select percentile_disc(array[0.5, 0.99, 1, 0]) within group (
                order by extract(epoch from pg_xact_commit_timestamp(xmin) - $1::timestamptz)::float8)
            from reservation) as g (late)
        """

    static let reservations: Statement = "select count(*) from reservation"
}
