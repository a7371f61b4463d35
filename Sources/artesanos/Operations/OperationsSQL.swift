import Postgres

/// What the operators' commands read: mostly the views of the schema, so that a command and a hand-typed query agree.
enum OperationsSQL {
    static let outboxStatus: Statement = """
        select (select case when is_called then last_value else 0 end from outbox_position_seq),
               (select position from outbox_cursor order by position desc limit 1),
               (select stream_sequence from outbox_cursor order by position desc limit 1),
               (select updated_at from outbox_cursor order by position desc limit 1),
               (select count(*) from outbox_pending),
               (select extract(epoch from max(age))::float8 from outbox_pending),
               (select count(*) from outbox_stall),
               (select count(*) from dead_letter_pending),
               (select count(*) from job_late),
               (select count(*) from job_dead)
        """

    static let outboxPending: Statement = """
        select position, event_id, subject, aggregate_id, occurred_at, extract(epoch from age)::float8
        from outbox_pending
        limit $1::bigint
        """

    static let outboxStall: Statement = """
        select pid, virtualtransaction, application_name, user_name::text, state, extract(epoch from age)::float8, query,
               prepared_gid
        from outbox_stall
        """

    static let deadLetter: Statement = """
        select id, consumer, state, event_id, event_type, aggregate_id, stream, stream_sequence, attempts, created_at,
               resolved_at, error, payload
        from dead_letter
        where id = $1::bigint
        """

    static let jobs: Statement = """
        select id, kind, unique_key, run_at, state, attempt, last_error, extract(epoch from run_at - now())::float8
        from scheduled_job
        where ($1::text is null or kind = $1::text) and ($2::text is null or state = $2::text)
        order by run_at, id
        limit $3::bigint
        """

    static let retryJob: Statement = """
        update scheduled_job
        set state = 'scheduled', attempt = 0, run_at = now(), updated_at = now()
        where id = $1::bigint
        returning id
        """

    static let sagas: Statement = """
        select s.id, s.order_id, s.state, o.status, s.data ->> 'deadline', s.deadline, s.settled_at, s.updated_at
        from saga s join orders o on o.id = s.order_id
        where ($1::boolean or s.settled_at is null) and ($2::text is null or s.state = $2::text)
        order by s.id desc
        limit $3::bigint
        """

    /// By the order's id or by the saga's own.
    static let saga: Statement = """
        select s.id, s.order_id, s.state, o.status, o.reason, s.data::text, s.deadline, s.total_deadline, s.settled_at,
               s.created_at
        from saga s join orders o on o.id = s.order_id
        where s.order_id = $1::uuid or s.id = $1::uuid
        """

    static let sagaHistory: Statement = """
        select h.seq, h.at, extract(epoch from h.at - s.created_at)::float8, h.event, h.from_state, h.to_state,
               h.order_status, h.verdict, coalesce(h.note, h.remark), h.actor
        from saga_history h join saga s on s.id = h.saga_id
        where h.saga_id = $1::uuid
        order by h.seq
        """

    /// The order of an order's or a saga's id.
    static let orderOfSaga: Statement = """
        select order_id from saga where order_id = $1::uuid or id = $1::uuid
        """

    static let stuckSagas: Statement = """
        select order_id, saga_id, state, waits_for, deadline, extract(epoch from unchanged_for)::float8, job_state,
               job_error, extract(epoch from now() - deadline)::float8,
               extract(epoch from job_run_at - greatest(deadline, now()))::float8
        from saga_stuck
        limit $1::bigint
        """

    /// Failed refunds that nobody has dealt with, or all refunds of late.
    static let refunds: Statement = """
        select r.id, p.order_id, r.payment_id, r.amount_minor, r.currency, r.status, r.failure_code, r.origin, r.reason,
               r.resolution, r.updated_at, u.id is not null
        from refund r
        join payment p on p.id = r.payment_id
        left join refund_unresolved u on u.id = r.id
        where $1::boolean or u.id is not null
        order by r.updated_at desc
        limit $2::bigint
        """

    /// Those of every service's database.
    static let common = [outboxStatus, outboxPending, outboxStall, deadLetter, jobs, retryJob]
    /// Those of the order service's.
    static let orders = [sagas, saga, sagaHistory, orderOfSaga, stuckSagas]
    /// Those of the payment service's.
    static let payments = [refunds]
}
