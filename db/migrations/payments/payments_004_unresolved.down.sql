create or replace view refund_unresolved as
    select r.id, p.order_id, r.payment_id, p.customer_id, r.amount_minor, r.currency, r.status, r.failure_code, r.origin,
           r.reason, r.stripe_refund_id, r.updated_at as failed_at, now() - r.updated_at as since
    from refund r join payment p on p.id = r.payment_id
    where r.status in ('failed', 'canceled') and r.resolved_at is null and p.refunded_minor < p.amount_received_minor
      and not exists (
          select from refund later where later.payment_id = r.payment_id and later.created_at >= r.updated_at)
    order by r.updated_at;
