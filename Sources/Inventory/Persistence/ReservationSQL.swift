import Postgres

/// Looking at reservations, without locks.
enum ReservationSQL {
    /// The columns of ``StockBookSQL/reservations``.
    static let find: Statement = """
        select r.id, r.order_id, r.saga_id, r.attempt, r.status, (extract(epoch from r.ttl) * 1000000)::bigint,
               r.expires_at, r.hold_until, r.extensions, r.created_at, r.ended_at, r.reason, l.skus, l.quantities
        from reservation r
        cross join lateral (
            select array_agg(l.sku order by l.sku) as skus, array_agg(l.quantity order by l.sku) as quantities
            from reservation_line l
            where l.reservation_id = r.id) l
        where r.id = $1::uuid
        """

    static let levels: Statement = """
        select (select count(*) from reservation where status = 'active'), (select products from stock_drift_check)
        """

    /// Gives each overdue hold whose job is missing, dead or scheduled for long after the hold's end a job that is due
    /// now. A job that is only late is not touched, nor one that failed and waits for its next try: it is there, and its
    /// own runner has to be looked at.
    static let rescheduleMissed: Statement = """
        insert into scheduled_job (kind, unique_key, run_at, payload)
        select $1::text, o.job_key, now(), json_build_object('orderId', o.order_id, 'reservationId', o.id)
        from reservation_overdue o
        left join scheduled_job j on j.id = o.job_id
        where o.job_id is null or o.job_state = 'dead'
           or (j.attempt = 0 and j.run_at > greatest(now(), o.expires_at + interval '1 minute'))
        order by o.expires_at
        limit $2::bigint
        on conflict (kind, unique_key) do update
        set state = 'scheduled', attempt = 0, run_at = now(), updated_at = now()
        where scheduled_job.state = 'dead' or (scheduled_job.attempt = 0 and scheduled_job.run_at > now())
        returning unique_key
        """

    static let all = [find, levels, rescheduleMissed]
}
