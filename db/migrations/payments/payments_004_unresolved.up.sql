-- Later refunds have seen to a failed one only if they gave back as much: for it, and for what stood before it in the queue
-- of those that failed. What was paid outside Stripe has seen to the refund for which it was noted, to no other.
create or replace view refund_unresolved as
    select r.id, p.order_id, r.payment_id, p.customer_id, r.amount_minor, r.currency, r.status, r.failure_code, r.origin,
           r.reason, r.stripe_refund_id, r.updated_at as failed_at, now() - r.updated_at as since
    from refund r
    join payment p on p.id = r.payment_id
    cross join lateral (
        -- Failed ones among the later count: they stand for it, and are shown themselves.
        select coalesce(sum(later.amount_minor), 0) as amount
        from refund later
        where later.payment_id = r.payment_id and later.created_at >= r.updated_at and later.origin <> 'outside'
    ) as given
    cross join lateral (
        -- What was owed when it failed: at most since one of those before it, less what was given back since then.
        select greatest(coalesce(max(owed.amount), 0), 0) as amount
        from refund o
        cross join lateral (
            select (select sum(f.amount_minor)
                    from refund f
                    where f.payment_id = r.payment_id and f.status in ('failed', 'canceled') and f.resolved_at is null
                      and (f.updated_at, f.id) >= (o.updated_at, o.id) and (f.updated_at, f.id) < (r.updated_at, r.id))
                 - (select coalesce(sum(g.amount_minor), 0)
                    from refund g
                    where g.payment_id = r.payment_id and g.origin <> 'outside'
                      and g.created_at >= o.updated_at and g.created_at < r.updated_at) as amount
        ) as owed
        where o.payment_id = r.payment_id and o.status in ('failed', 'canceled') and o.resolved_at is null
          and (o.updated_at, o.id) < (r.updated_at, r.id)
    ) as queue
    where r.status in ('failed', 'canceled') and r.resolved_at is null and p.refunded_minor < p.amount_received_minor
      and r.amount_minor + queue.amount > given.amount
    order by r.updated_at;
