import Postgres

/// The sagas' statements. Database time rules: `now()`, which is the time of the transaction's begin, so that a saga's
/// deadline and its job's time are the same.
enum SagaSQL {
    /// Locks the sagas of some orders, in one order for everybody, so that two batches cannot wait for each other.
    static let lock: Statement = """
        select s.id, s.order_id, s.definition_version, s.data, s.seq, s.deadline, s.total_deadline,
               s.settled_at, s.created_at, o.customer_id, now()
        from saga s
        join orders o on o.id = s.order_id
        where s.order_id = any($1::uuid[])
        order by s.order_id
        for update of s
        """

    /// The same for one saga, but never waiting: whoever runs a deadline holds its job's row, which the holder of the
    /// saga's lock may want.
    static let tryLock: Statement = """
        select s.id, s.order_id, s.definition_version, s.data, s.seq, s.deadline, s.total_deadline,
               s.settled_at, s.created_at, o.customer_id, now()
        from saga s
        join orders o on o.id = s.order_id
        where s.order_id = $1::uuid
        for update of s skip locked
        """

    static let exists: Statement = """
        select exists (select from saga where order_id = $1::uuid)
        """

    static let update: Statement = """
        update saga s
        set state = u.state, data = u.data, seq = u.seq, deadline = u.deadline, updated_at = now(),
            settled_at = case when u.settled then coalesce(s.settled_at, now()) end
        from unnest($1::uuid[], $2::text[], $3::json[], $4::int[], $5::timestamptz[], $6::bool[])
            as u (id, state, data, seq, deadline, settled)
        where s.id = u.id
        """

    static let updateOrders: Statement = """
        update orders o
        set status = u.status, reason = u.reason, updated_at = now()
        from unnest($1::uuid[], $2::text[], $3::text[]) as u (id, status, reason)
        where o.id = u.id
        """

    static let appendHistory: Statement = """
        insert into saga_history
            (saga_id, seq, event, event_id, from_state, to_state, order_status, verdict, note, actions, actor, remark)
        select * from unnest(
            $1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::json[], $11::text[], $12::text[])
        """

    /// Some orders as they were placed, line by line.
    static let placed: Statement = """
        select o.id, o.customer_id, o.currency, o.total_minor, o.payment_method, l.sku, l.quantity, l.unit_price_minor
        from orders o
        join order_line l on l.order_id = o.id
        where o.id = any($1::uuid[])
        order by o.id, l.line_no
        """

    static let read: Statement = """
        select s.id, s.definition_version, s.data, s.deadline, s.total_deadline, s.settled_at, s.created_at, s.updated_at
        from saga s
        where s.order_id = $1::uuid
        """

    static let history: Statement = """
        select h.seq, h.at, h.event, h.event_id, h.from_state, h.to_state, h.order_status, h.verdict, h.note, h.actions,
               h.actor, h.remark
        from saga_history h
        join saga s on s.id = h.saga_id
        where s.order_id = $1::uuid and h.seq > $2::int
        order by h.seq
        limit $3::bigint
        """

    /// How far an order's history goes, and whether it is over.
    static let progress: Statement = """
        select seq, settled_at is not null from saga where order_id = $1::uuid
        """

    /// How far the histories of some orders go.
    static let progressOfMany: Statement = """
        select order_id, seq from saga where order_id = any($1::uuid[])
        """

    /// Versions that unsettled sagas need, and how many of each there are.
    static let versionsInFlight: Statement = """
        select definition_version, count(*)
        from saga
        where settled_at is null
        group by definition_version
        order by definition_version
        """

    /// Unsettled sagas whose deadline's job is not there, is dead, or runs long after the deadline; a job that failed is
    /// tried again within half a minute. Those that somebody is changing now are left out.
    static let forgotten: Statement = """
        select s.id, s.order_id, s.deadline
        from saga s
        where s.settled_at is null
          and not exists (
              select from scheduled_job j
              where j.kind = $1::text and j.unique_key = s.id::text and j.state = 'scheduled'
                and j.run_at <= greatest(s.deadline, now()) + interval '1 minute')
        order by s.id
        limit $2::bigint
        for update of s skip locked
        """

    /// A row of ``read``, the database's time, and the deadline's job, all as they were at one moment.
    static let facts: Statement = """
        select s.id, s.definition_version, s.data, s.deadline, s.total_deadline, s.settled_at, s.created_at, s.updated_at,
               now(), j.state, j.run_at, j.last_error
        from saga s
        left join scheduled_job j on j.kind = $2::text and j.unique_key = s.id::text
        where s.order_id = $1::uuid
        """

    static let all = [
        lock, tryLock, exists, update, updateOrders, appendHistory, placed, read, history, progress, versionsInFlight,
        forgotten, facts, progressOfMany,
    ]
}
