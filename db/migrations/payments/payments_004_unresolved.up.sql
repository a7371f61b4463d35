-- Later refunds have seen to a failed one only if they gave back as much: for it, and for the others that were on their way
-- beside it and had failed before. What was paid outside Stripe has seen to the refund for which it was noted, to no other.
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
        select coalesce(sum(other.amount_minor), 0) as amount
        from refund other
        where other.payment_id = r.payment_id and other.status in ('failed', 'canceled') and other.resolved_at is null
          and (other.updated_at, other.id) < (r.updated_at, r.id) and other.updated_at > r.created_at
          and other.amount_minor > (
              select coalesce(sum(seen.amount_minor), 0)
              from refund seen
              where seen.payment_id = r.payment_id and seen.origin <> 'outside'
                and seen.created_at >= other.updated_at and seen.created_at < r.updated_at)
    ) as beside
    where r.status in ('failed', 'canceled') and r.resolved_at is null and p.refunded_minor < p.amount_received_minor
      and r.amount_minor + beside.amount > given.amount
    order by r.updated_at;
