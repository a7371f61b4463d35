import Postgres

/// The refunds' statements.
enum RefundSQL {
    static let insert: Statement = """
        insert into refund
            (id, payment_id, amount_minor, currency, reason, origin, status, stripe_refund_id, failure_code, requested_by)
        values ($1::uuid, $2::uuid, $3::bigint, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text)
        """

    static let update: Statement = """
        update refund
        set status = $2::text, stripe_refund_id = $3::text, failure_code = $4::text, updated_at = now()
        where id = $1::uuid
        """

    /// In the order in which they were wanted. Whoever changes one holds the lock of its payment.
    static let ofPayment: Statement = """
        select id, payment_id, amount_minor, currency, reason, origin, status, stripe_refund_id, failure_code,
               requested_by, created_at
        from refund
        where payment_id = $1::uuid
        order by created_at, id
        """

    static let read: Statement = """
        select id, payment_id, amount_minor, currency, reason, origin, status, stripe_refund_id, failure_code,
               requested_by, created_at
        from refund
        where id = $1::uuid
        """

    /// With what a person said about its failure.
    static let listOfPayment: Statement = """
        select id, payment_id, amount_minor, currency, reason, origin, status, stripe_refund_id, failure_code,
               requested_by, created_at, resolution, resolved_at, resolved_by, resolution_note
        from refund
        where payment_id = $1::uuid
        order by created_at, id
        """

    static let readResolution: Statement = """
        select id, payment_id, amount_minor, currency, reason, origin, status, stripe_refund_id, failure_code,
               requested_by, created_at, resolved_at is not null
        from refund
        where id = $1::uuid
        """

    static let resolve: Statement = """
        update refund
        set resolution = $2::text, resolved_by = $3::text, resolution_note = $4::text, resolved_at = now()
        where id = $1::uuid
        """

    /// Failed refunds that nobody has dealt with, longest first.
    static let unresolved: Statement = """
        select id, order_id, payment_id, amount_minor, currency, status, failure_code, origin, reason, stripe_refund_id,
               failed_at
        from refund_unresolved
        limit 500
        """

    static let countUnresolved: Statement = "select count(*) from refund_unresolved"

    /// The payment of a refund that Stripe names.
    static let paymentOf: Statement = """
        select p.payment_intent_id
        from refund r join payment p on p.id = r.payment_id
        where r.stripe_refund_id = $1::text
        """

    static let all = [
        insert, update, ofPayment, read, listOfPayment, readResolution, resolve, unresolved, countUnresolved, paymentOf,
    ]
}
