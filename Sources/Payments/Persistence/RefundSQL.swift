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

    /// The payment of a refund that Stripe names.
    static let paymentOf: Statement = """
        select p.payment_intent_id
        from refund r join payment p on p.id = r.payment_id
        where r.stripe_refund_id = $1::text
        """

    static let all = [insert, update, ofPayment, read, paymentOf]
}
