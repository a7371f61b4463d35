import Postgres

/// The statements about calls to Stripe.
enum StripeCallSQL {
    /// Nothing when a call of the kind is on its way already.
    static let insert: Statement = """
        insert into stripe_call (id, payment_id, refund_id, kind, request_body)
        values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::bytea)
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
        where id = $1::uuid and state = 'pending'
        """

    static let sent: Statement = """
        update stripe_call
        set sends = sends + 1, http_status = $2::int, error_code = $3::text, request_id = $4::text
        where id = $1::uuid and state = 'pending'
        """

    static let all = [insert, pending, pendingRefund, end, sent]
}
