-- Refunds that fail stay visible until somebody has dealt with them; refunds paid outside Stripe; the saga's refund takes
-- what is left also when another refund failed after it.

alter table refund
    add column resolved_at     timestamptz,
    add column resolution      text check (resolution in ('paid_elsewhere', 'not_owed')),
    add column resolved_by     text,
    add column resolution_note text;
alter table refund add constraint refund_resolved_check check (
    (resolved_at is null) = (resolution is null) and (resolved_at is null) = (resolved_by is null)
    and (resolved_at is null or status in ('failed', 'canceled')));

-- 'outside': the customer got the money in another way, such as a bank transfer. It counts like any other refund.
alter table refund drop constraint refund_origin_check;
alter table refund add constraint refund_origin_check check (origin in ('order', 'operator', 'stripe', 'outside'));
alter table refund drop constraint refund_check;
alter table refund add constraint refund_stripe_id_check check (
    status in ('requested', 'failed') or stripe_refund_id is not null or (origin = 'outside' and status = 'succeeded'));

-- One of the saga's is on its way at a time. What another refund frees again by failing, the next one takes.
drop index refund_automatic;
create unique index refund_automatic on refund (payment_id)
    where origin = 'order' and status in ('requested', 'pending', 'requires_action');

-- Money that was to go back and did not, and that no later refund has seen to.
create view refund_unresolved as
    select r.id, p.order_id, r.payment_id, p.customer_id, r.amount_minor, r.currency, r.status, r.failure_code, r.origin,
           r.reason, r.stripe_refund_id, r.updated_at as failed_at, now() - r.updated_at as since
    from refund r join payment p on p.id = r.payment_id
    where r.status in ('failed', 'canceled') and r.resolved_at is null and p.refunded_minor < p.amount_received_minor
      and not exists (
          select from refund later where later.payment_id = r.payment_id and later.created_at >= r.updated_at)
    order by r.updated_at;

create or replace view payment_attention as
    select 'payment' as what, id::text as id, order_id, alert as why, updated_at as since from payment where alert is not null
    union all
    select 'refund', id::text, order_id, 'refund failed: ' || coalesce(failure_code, 'unknown'), failed_at
    from refund_unresolved
    union all
    select 'stripe_call', c.id::text, p.order_id, c.kind || ' unanswered after ' || c.sends || ' tries', c.created_at
    from stripe_call c join payment p on p.id = c.payment_id
    where c.state = 'pending' and c.sends >= 5
    union all
    select 'webhook_event', e.id, null, e.state || ': ' || coalesce(e.error, e.outcome, ''), e.received_at
    from webhook_event e
    where e.state = 'failed' or (e.state = 'pending' and e.received_at < now() - interval '5 minutes')
    order by since;
