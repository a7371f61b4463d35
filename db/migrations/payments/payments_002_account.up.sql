-- One row an order, as `artesanos verify` holds it beside the order. `intents` counts the PaymentIntents that were made
-- or may have been: a call that failed for good made none.
create view payment_account as
    select p.order_id, p.id as payment_id, p.status, p.amount_minor, p.currency, p.amount_received_minor as received_minor,
           r.refunded_minor, r.order_refunds, c.intents, p.payment_intent_id, p.alert
    from payment p
    cross join lateral (
        select coalesce(sum(r.amount_minor) filter (where r.status = 'succeeded'), 0)::bigint as refunded_minor,
               count(*) filter (where r.origin = 'order' and r.status not in ('failed', 'canceled')) as order_refunds
        from refund r
        where r.payment_id = p.id
    ) r
    cross join lateral (
        select count(*) as intents
        from stripe_call c
        where c.payment_id = p.id and c.kind = 'create' and c.state in ('pending', 'succeeded')
    ) c;

-- Must return no rows: what a payment says of its money, beside its refunds.
create view payment_drift as
    select p.order_id, p.id as payment_id, p.status, p.amount_received_minor as received_minor, p.refunded_minor,
           coalesce(r.taken_minor, 0) as taken_minor
    from payment p
    left join (
        select payment_id, sum(amount_minor)::bigint as taken_minor
        from refund
        where status not in ('failed', 'canceled')
        group by payment_id
    ) r on r.payment_id = p.id
    where p.refunded_minor <> coalesce(r.taken_minor, 0)
       or (p.status = 'succeeded' and p.amount_received_minor = 0);
