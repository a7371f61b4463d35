import Postgres

/// The payments' statements.
enum PaymentSQL {
    /// The first that is heard of some orders, with a row for each that is new; whoever comes second locks the rows that
    /// are there. In one order for everybody, as with ``lockByOrder``, so that two batches cannot wait for each other.
    static let insert: Statement = """
        insert into payment
            (id, order_id, saga_id, customer_id, amount_minor, currency, payment_method, status, stock_reserved_at,
             reservation_expires_at, cancel_reason, cancel_requested_at)
        select n.id, n.order_id, n.saga_id, n.customer_id, n.amount_minor, n.currency, n.payment_method, n.status,
               case when n.reservation_expires_at is not null then now() end, n.reservation_expires_at, n.cancel_reason,
               case when n.cancel_reason is not null then now() end
        from unnest(
            $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::timestamptz[], $10::text[])
            as n (id, order_id, saga_id, customer_id, amount_minor, currency, payment_method, status,
                  reservation_expires_at, cancel_reason)
        order by n.order_id
        on conflict (order_id) do nothing
        returning order_id
        """

    static let lockByOrder: Statement = """
        select id, order_id, saga_id, customer_id, amount_minor, currency, payment_method, status, stock_reserved_at,
               reservation_expires_at, payment_intent_id, stripe_status, attempts, last_error_code,
               amount_received_minor, refunded_minor, cancel_reason, alert
        from payment
        where order_id = any($1::uuid[])
        order by order_id
        for no key update
        """

    static let lock: Statement = """
        select id, order_id, saga_id, customer_id, amount_minor, currency, payment_method, status, stock_reserved_at,
               reservation_expires_at, payment_intent_id, stripe_status, attempts, last_error_code,
               amount_received_minor, refunded_minor, cancel_reason, alert
        from payment
        where id = $1::uuid
        for no key update
        """

    static let lockByIntent: Statement = """
        select id, order_id, saga_id, customer_id, amount_minor, currency, payment_method, status, stock_reserved_at,
               reservation_expires_at, payment_intent_id, stripe_status, attempts, last_error_code,
               amount_received_minor, refunded_minor, cancel_reason, alert
        from payment
        where payment_intent_id = $1::text
        for no key update
        """

    static let read: Statement = """
        select id, order_id, saga_id, customer_id, amount_minor, currency, payment_method, status, stock_reserved_at,
               reservation_expires_at, payment_intent_id, stripe_status, attempts, last_error_code,
               amount_received_minor, refunded_minor, cancel_reason, alert
        from payment
        where id = $1::uuid
        """

    static let update: Statement = """
        update payment p
        set customer_id = u.customer_id, amount_minor = u.amount_minor, currency = u.currency,
            payment_method = u.payment_method, status = u.status,
            stock_reserved_at =
                coalesce(p.stock_reserved_at, case when u.reservation_expires_at is not null then now() end),
            reservation_expires_at = u.reservation_expires_at, payment_intent_id = u.payment_intent_id,
            stripe_status = u.stripe_status, attempts = u.attempts, last_error_code = u.last_error_code,
            amount_received_minor = u.amount_received_minor, refunded_minor = u.refunded_minor,
            cancel_reason = u.cancel_reason,
            cancel_requested_at =
                case when u.cancel_reason is not null then coalesce(p.cancel_requested_at, now()) end,
            alert = u.alert, updated_at = now()
        from unnest(
            $1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[],
            $9::text[], $10::int[], $11::text[], $12::bigint[], $13::bigint[], $14::text[], $15::text[])
            as u (id, customer_id, amount_minor, currency, payment_method, status, reservation_expires_at,
                  payment_intent_id, stripe_status, attempts, last_error_code, amount_received_minor, refunded_minor,
                  cancel_reason, alert)
        where p.id = u.id
        """

    /// Serializes those who make a PaymentIntent known with those who look whether it is: an event that comes between the
    /// two looks would wait for ever.
    static let lockIntent: Statement = """
        select pg_advisory_xact_lock(hashtextextended('payment_intent:' || $1::text, 0))
        """

    static let addHistory: Statement = """
        insert into payment_history (payment_id, cause, cause_id, from_status, to_status, note)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
        """

    static let history: Statement = """
        select cause, cause_id, from_status, to_status, note, occurred_at
        from payment_history
        where payment_id = $1::uuid
        order by id
        limit 1000
        """

    /// One row when the failed try was not counted before.
    /// Nothing when the try is known, by its own name or, when it was told without a time, by one with a time.
    static let addFailure: Statement = """
        insert into payment_failure (payment_id, failure_key, code)
        select $1::uuid, $2::text, $3::text
        where not exists (
            select from payment_failure
            where payment_id = $1::uuid and starts_with(failure_key, $2::text || '@'))
        on conflict (payment_id, failure_key) do nothing
        returning failure_key
        """

    /// Gives a try that was told without a time the name with its time, unless that is known already.
    static let nameFailure: Statement = """
        update payment_failure
        set failure_key = $3::text
        where payment_id = $1::uuid and failure_key = $2::text
          and not exists (select from payment_failure where payment_id = $1::uuid and failure_key = $3::text)
        """

    static let countFailures: Statement = """
        select count(*) from payment_failure where payment_id = $1::uuid
        """

    static let isFailureCounted: Statement = """
        select exists (select from payment_failure where payment_id = $1::uuid and failure_key = $2::text)
        """

    /// Payments that Stripe has to be asked about: open for longer than expected, or with a refund that is.
    static let unfinished: Statement = """
        select p.id
        from payment p
        where (p.status in ('creating', 'pending', 'processing') or (p.status = 'failed' and p.cancel_reason is not null))
          and p.payment_intent_id is not null
          and coalesce(p.reconciled_at, p.created_at) < now() - $1::bigint * interval '1 millisecond'
        union
        select r.payment_id
        from refund r
        join payment p on p.id = r.payment_id
        where r.status in ('pending', 'requires_action')
          and greatest(coalesce(p.reconciled_at, r.updated_at), r.updated_at) < now() - $1::bigint * interval '1 millisecond'
        limit $2::bigint
        """

    static let markReconciled: Statement = """
        update payment set reconciled_at = now() where id = $1::uuid
        """

    /// What a customer or an operator is shown.
    static let view: Statement = """
        select id, order_id, customer_id, amount_minor, currency, payment_method is not null, status,
               reservation_expires_at, payment_intent_id, stripe_status, attempts, last_error_code,
               amount_received_minor,
               (select coalesce(sum(r.amount_minor), 0)::bigint from refund r
                where r.payment_id = payment.id and r.status = 'succeeded'),
               cancel_reason, alert, created_at, updated_at
        from payment
        where order_id = $1::uuid or id = $1::uuid
        """

    static let all = [
        insert, lockByOrder, lock, lockByIntent, read, update, lockIntent, addHistory, history, addFailure, nameFailure,
        countFailures, isFailureCounted, unfinished, markReconciled, view,
    ]
}
