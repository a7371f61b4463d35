package import Postgres

/// Loading and writing a ``StockBook``.
///
/// Locks are taken in one order everywhere: orders by id, then stock by SKU. Jobs are never waited for. So no two
/// transactions can wait for each other in a circle.
package enum StockBookSQL {
    // MARK: Loading

    /// Opens the orders that are new here. Sorted, because an insert waits for another transaction's insert of the same
    /// key.
    package static let openOrders: Statement = """
        insert into reservation_order (order_id, saga_id)
        select o.order_id, o.saga_id
        from unnest($1::uuid[], $2::uuid[]) as o (order_id, saga_id)
        order by o.order_id
        on conflict (order_id) do nothing
        """

    /// A statement of its own after the insert: its snapshot sees what other transactions committed meanwhile.
    package static let lockOrders: Statement = """
        select order_id, saga_id, release_reason, late_order_at is not null, closed_at is not null
        from reservation_order
        where order_id = any($1::uuid[])
        order by order_id
        for update
        """

    /// The SKUs that are named, and those that the orders' reservations hold. The stock rows come as they are once they
    /// are locked; what is read of the product may be from the moment at which the wait for the lock began, and a
    /// withdrawal that is committed within that wait is as good as one committed after it.
    package static let lockStock: Statement = """
        select s.sku, s.on_hand, s.reserved, s.low_stock_threshold, s.low_stock_alerted, p.artisan_id, p.active,
               (extract(epoch from p.reservation_ttl) * 1000000)::bigint
        from stock s
        join product p on p.sku = s.sku
        where s.sku in (
            select unnest($1::text[])
            union
            select l.sku
            from reservation r
            join reservation_line l on l.reservation_id = r.id
            where r.order_id = any($2::uuid[]))
        order by s.sku
        for no key update of s
        """

    package static let reservations: Statement = """
        select r.id, r.order_id, r.saga_id, r.attempt, r.status, (extract(epoch from r.ttl) * 1000000)::bigint,
               r.expires_at, r.hold_until, r.extensions, r.created_at, r.ended_at, r.reason, l.skus, l.quantities
        from reservation r
        cross join lateral (
            select array_agg(l.sku order by l.sku) as skus, array_agg(l.quantity order by l.sku) as quantities
            from reservation_line l
            where l.reservation_id = r.id) l
        where r.order_id = any($1::uuid[])
        order by r.order_id, r.attempt
        """

    /// After the locks, which may have been waited for.
    package static let clock: Statement = "select clock_timestamp()"

    // MARK: Writing

    /// By differences, so that the CHECK on the row has the last word.
    package static let updateStock: Statement = """
        update stock s
        set on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved, low_stock_threshold = d.threshold,
            low_stock_alerted = d.alerted, updated_at = clock_timestamp()
        from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[])
            as d (sku, on_hand, reserved, threshold, alerted)
        where s.sku = d.sku
        """

    package static let insertReservations: Statement = """
        insert into reservation
            (id, order_id, saga_id, attempt, status, ttl, expires_at, hold_until, extensions, created_at, ended_at, reason)
        select n.id, n.order_id, n.saga_id, n.attempt, n.status, n.ttl * interval '1 microsecond', n.expires_at,
               n.hold_until, n.extensions, n.created_at, n.ended_at, n.reason
        from unnest(
            $1::uuid[], $2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::bigint[], $7::timestamptz[],
            $8::timestamptz[], $9::integer[], $10::timestamptz[], $11::timestamptz[], $12::text[])
            as n (id, order_id, saga_id, attempt, status, ttl, expires_at, hold_until, extensions, created_at, ended_at,
                  reason)
        """

    package static let insertLines: Statement = """
        insert into reservation_line (reservation_id, sku, quantity)
        select n.reservation_id, n.sku, n.quantity
        from unnest($1::uuid[], $2::text[], $3::bigint[]) as n (reservation_id, sku, quantity)
        """

    static let updateReservations: Statement = """
        update reservation r
        set status = c.status, expires_at = c.expires_at, extensions = c.extensions, ended_at = c.ended_at,
            reason = c.reason
        from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::integer[], $5::timestamptz[], $6::text[])
            as c (id, status, expires_at, extensions, ended_at, reason)
        where r.id = c.id
        """

    static let updateOrders: Statement = """
        update reservation_order o
        set released_at = coalesce(o.released_at, case when c.reason is not null then clock_timestamp() end),
            release_reason = coalesce(o.release_reason, c.reason),
            late_order_at = coalesce(o.late_order_at, case when c.came_late then clock_timestamp() end),
            closed_at = coalesce(o.closed_at, case when c.is_closed then clock_timestamp() end)
        from unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[]) as c (order_id, reason, came_late, is_closed)
        where o.order_id = c.order_id
        """

    package static let appendLedger: Statement = """
        insert into stock_ledger (sku, kind, delta_on_hand, delta_reserved, reason, actor, reference)
        select e.sku, e.kind, e.on_hand, e.reserved, e.reason, e.actor, e.reference
        from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[])
            with ordinality as e (sku, kind, on_hand, reserved, reason, actor, reference, number)
        order by e.number
        """

    // MARK: The expiry jobs, many at once

    /// The keys are new (see `Reservation.expiryJobKey`), so that this never waits for a job that runs.
    package static let scheduleExpiry: Statement = """
        insert into scheduled_job (kind, unique_key, run_at, payload)
        select $1::text, j.key, j.run_at, j.payload::json
        from unnest($2::text[], $3::timestamptz[], $4::text[]) as j (key, run_at, payload)
        on conflict (kind, unique_key) do nothing
        """

    /// A job that runs at this moment is left to itself: it will find that there is nothing to expire. Waiting for it
    /// would be a deadlock, because it waits for the order that is locked here.
    static let cancelExpiry: Statement = """
        delete from scheduled_job
        where id in (
            select id from scheduled_job
            where kind = $1::text and unique_key = any($2::text[])
            for update skip locked)
        """

    static let all = [
        openOrders, lockOrders, lockStock, reservations, clock, updateStock, insertReservations, insertLines,
        updateReservations, updateOrders, appendLedger, scheduleExpiry, cancelExpiry,
    ]
}
