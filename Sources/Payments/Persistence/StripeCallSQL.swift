import Postgres

/// The statements about calls to Stripe.
enum StripeCallSQL {
    /// A row for each that is new; none for one whose payment has a call of the kind on its way already.
    static let insert: Statement = """
        insert into stripe_call (id, payment_id, refund_id, kind, request_body)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[])
        on conflict do nothing
        returning id
        """

    /// Stripe may forget a key after 24 hours: under one that is nearly so old nothing is asked for any more.
    static let pending: Statement = """
        select id, kind, request_body, sends, created_at, refund_id, created_at < now() - interval '20 hours'
        from stripe_call
        where payment_id = $1::uuid and state = 'pending' and kind = any($2::text[])
        order by created_at, id
        """

    static let pendingRefund: Statement = """
        select id, kind, request_body, sends, created_at, refund_id, created_at < now() - interval '20 hours'
        from stripe_call
        where refund_id = $1::uuid and state = 'pending'
        """

    static let end: Statement = """
        update stripe_call
        set state = $2::text, sends = sends + $3::int, http_status = $4::int, error_code = $5::text,
            request_id = $6::text, ended_at = clock_timestamp()
        where id = any($1::uuid[]) and state = 'pending'
        """

    static let sent: Statement = """
        update stripe_call
        set sends = sends + 1, http_status = $2::int, error_code = $3::text, request_id = $4::text
        where id = $1::uuid and state = 'pending'
        """

    /// Calls that nobody will make: their job has failed for good, or is gone. One for each job that is missing; that of a
    /// making makes the confirmation too.
    static let stranded: Statement = """
        with planned as (
            select kind, coalesce(payload ->> 'refundId', payload ->> 'paymentId')::uuid as subject
            from scheduled_job
            where kind in ('payment.create-intent', 'payment.cancel-intent', 'payment.refund') and state = 'scheduled'
        ), open as (
            select id, payment_id, refund_id, created_at,
                   case kind when 'cancel' then 'payment.cancel-intent' else 'payment.create-intent' end as job
            from stripe_call c
            where state = 'pending' and kind <> 'refund'
              and (kind <> 'confirm' or not exists (
                  select from stripe_call o
                  where o.payment_id = c.payment_id and o.kind = 'create' and o.state = 'pending'))
            union all
            select id, payment_id, refund_id, created_at, 'payment.refund'
            from stripe_call
            where state = 'pending' and kind = 'refund'
        )
        select id, payment_id, refund_id, job
        from open
        where created_at < now() - $1::bigint * interval '1 millisecond'
          and not exists (
              select from planned p where p.kind = open.job and p.subject = coalesce(open.refund_id, open.payment_id))
        order by created_at
        limit 200
        """

    static let all = [insert, pending, pendingRefund, end, sent, stranded]
}
