import Postgres

/// The statements about Stripe's events.
enum StripeEventSQL {
    /// One row when the event is new, or failed the last time: then it is tried again.
    static let insert: Statement = """
        insert into webhook_event (id, type, payment_intent_id, payload, source, state, stripe_created_at)
        values ($1::text, $2::text, $3::text, $4::json, $5::text, 'pending', $6::timestamptz)
        on conflict (id) do update set state = 'pending', error = null
        where webhook_event.state = 'failed'
        returning id
        """

    static let end: Statement = """
        update webhook_event
        set state = $2::text, outcome = $3::text, payment_id = coalesce($4::uuid, payment_id), error = null,
            payment_intent_id = coalesce($5::text, payment_intent_id),
            processed_at = case when $2::text = 'pending' then null else clock_timestamp() end
        where id = $1::text
        """

    /// An event that could not be applied, kept with its error.
    static let fail: Statement = """
        insert into webhook_event
            (id, type, payment_intent_id, payload, source, state, error, stripe_created_at, processed_at)
        values ($1::text, $2::text, $3::text, $4::json, $5::text, 'failed', $7::text, $6::timestamptz, clock_timestamp())
        on conflict (id) do update
        set state = 'failed', error = excluded.error, processed_at = excluded.processed_at
        where webhook_event.state in ('pending', 'failed')
        """

    static let lock: Statement = """
        select payload, state from webhook_event where id = $1::text for no key update
        """

    static let read: Statement = """
        select payload, state from webhook_event where id = $1::text
        """

    /// Of those that wait for this PaymentIntent to become known, or for a look at Stripe.
    static let pending: Statement = """
        select payload, received_at <= now() as was_there_at_start from webhook_event
        where payment_intent_id = $1::text and state = 'pending'
        order by received_at, id
        limit 200
        for no key update
        """

    /// Events that have waited for a while, and that no job looks at.
    static let overdue: Statement = """
        select e.id
        from webhook_event e
        where e.state = 'pending' and e.received_at < now() - $1::bigint * interval '1 millisecond'
          and not exists (
              select from scheduled_job j
              where j.kind = 'payment.reconcile' and j.unique_key = 'event:' || e.id and j.state = 'scheduled')
        order by e.received_at
        limit 200
        """

    /// Events of which no payment is known, or that could not be applied. What only waits for Stripe's answer is neither.
    static let countUnplaced: Statement = """
        select count(*) from webhook_event e
        where state in ('pending', 'failed') and received_at < now() - interval '5 minutes'
          and (state = 'failed' or not exists (select from payment p where p.payment_intent_id = e.payment_intent_id))
        """

    static let list: Statement = """
        select id, type, payment_intent_id, payment_id, source, state, outcome, error, stripe_created_at, received_at,
               processed_at
        from webhook_event
        where ($1::text is null or state = $1::text) and ($2::text is null or type = $2::text)
          and ($3::text is null or payment_intent_id = $3::text)
          and ($4::timestamptz is null or (received_at, id) < ($4::timestamptz, $5::text))
        order by received_at desc, id desc
        limit $6::bigint
        """

    static let view: Statement = """
        select id, type, payment_intent_id, payment_id, source, state, outcome, error, stripe_created_at, received_at,
               processed_at
        from webhook_event
        where id = $1::text
        """

    static let cursor: Statement = """
        select event_id, created_at from stripe_event_cursor where name = 'events'
        """

    static let moveCursor: Statement = """
        insert into stripe_event_cursor (name, event_id, created_at)
        values ('events', $1::text, $2::timestamptz)
        on conflict (name) do update
        set event_id = excluded.event_id, created_at = excluded.created_at, updated_at = now()
        """

    /// Events that nobody will ask for any more, a batch at a time. Those that failed, or wait, stay for an operator.
    static let prune: Statement = """
        delete from webhook_event
        where id in (
            select id from webhook_event
            where received_at < now() - $1::bigint * interval '1 millisecond' and state in ('processed', 'ignored')
            order by received_at
            limit 1000
            for update skip locked)
        """

    static let known: Statement = """
        select id from webhook_event where id = any($1::text[]) and state <> 'failed'
        """

    static let now: Statement = "select now()"

    static let all = [
        insert, end, fail, lock, read, pending, overdue, countUnplaced, list, view, cursor, moveCursor, known, prune,
        now,
    ]
}
