-- A later refund has seen to a failed one only if it, or several, gave back as much: a small one for another reason hid it.
create or replace view refund_unresolved as
    select r.id, p.order_id, r.payment_id, p.customer_id, r.amount_minor, r.currency, r.status, r.failure_code, r.origin,
           r.reason, r.stripe_refund_id, r.updated_at as failed_at, now() - r.updated_at as since
    from refund r join payment p on p.id = r.payment_id
    where r.status in ('failed', 'canceled') and r.resolved_at is null and p.refunded_minor < p.amount_received_minor
      -- Failed ones among the later count: they stand for it, and are shown themselves.
      and r.amount_minor > (
          select coalesce(sum(later.amount_minor), 0) from refund later
          where later.payment_id = r.payment_id and later.created_at >= r.updated_at)
    order by r.updated_at;
