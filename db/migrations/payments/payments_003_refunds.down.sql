-- Refused by the constraints once a refund was paid outside Stripe: the older release cannot read it.
create or replace view payment_attention as
    select 'payment' as what, id::text as id, order_id, alert as why, updated_at as since from payment where alert is not null
    union all
    select 'refund', r.id::text, p.order_id, 'refund failed: ' || coalesce(r.failure_code, 'unknown'), r.updated_at
    from refund r join payment p on p.id = r.payment_id
    where r.status in ('failed', 'canceled') and p.refunded_minor < p.amount_received_minor and r.origin <> 'stripe'
      and not exists (select from refund later where later.payment_id = r.payment_id and later.created_at > r.created_at)
    union all
    select 'stripe_call', c.id::text, p.order_id, c.kind || ' unanswered after ' || c.sends || ' tries', c.created_at
    from stripe_call c join payment p on p.id = c.payment_id
    where c.state = 'pending' and c.sends >= 5
    union all
    select 'webhook_event', e.id, null, e.state || ': ' || coalesce(e.error, e.outcome, ''), e.received_at
    from webhook_event e
    where e.state = 'failed' or (e.state = 'pending' and e.received_at < now() - interval '5 minutes')
    order by since;
drop view refund_unresolved;

drop index refund_automatic;
create unique index refund_automatic on refund (payment_id) where origin = 'order' and status not in ('failed', 'canceled');

alter table refund drop constraint refund_stripe_id_check;
alter table refund add constraint refund_check check (status in ('requested', 'failed') or stripe_refund_id is not null);
alter table refund drop constraint refund_origin_check;
alter table refund add constraint refund_origin_check check (origin in ('order', 'operator', 'stripe'));
alter table refund drop constraint refund_resolved_check;
alter table refund drop column resolved_at, drop column resolution, drop column resolved_by, drop column resolution_note;
