-- Payments: one for each order, the calls that were made to Stripe for it, refunds, and the events that Stripe sent.

-- One payment for each order. Its status only goes forward; what is true at Stripe wins over what was decided here.
create table payment (
    id                     uuid        primary key,
    order_id               uuid        not null unique,
    saga_id                uuid        not null,
    customer_id            text,                          -- null until order.created has come
    amount_minor           bigint      check (amount_minor >= 0),
    currency               text        check (currency ~ '^[A-Z]{3}$'),
    payment_method         text,                          -- Stripe's, confirmed by the server; null: the customer confirms
    status                 text        not null check (status in (
        'awaiting_order', 'awaiting_stock', 'creating', 'pending', 'processing', 'failed', 'cancelled', 'succeeded')),
    stock_reserved_at      timestamptz,
    reservation_expires_at timestamptz,
    payment_intent_id      text        unique check (length(payment_intent_id) between 1 and 255),
    stripe_status          text,                          -- the PaymentIntent's own status, as it was seen last
    attempts               integer     not null default 0 check (attempts >= 0),
    last_error_code        text,
    amount_received_minor  bigint      not null default 0 check (amount_received_minor >= 0),
    -- What refunds take that did not fail, whatever they have reached: never more than was charged.
    refunded_minor         bigint      not null default 0 check (refunded_minor between 0 and amount_received_minor),
    cancel_reason          text,                          -- why it is to be cancelled; null: it is not
    cancel_requested_at    timestamptz,
    alert                  text,                          -- why a person has to look at it; null: nobody has
    reconciled_at          timestamptz,
    created_at             timestamptz not null default now(),
    updated_at             timestamptz not null default now(),
    check ((amount_minor is null) = (currency is null)),
    check (amount_minor is not null or status in ('awaiting_order', 'cancelled')),
    check (status not in ('pending', 'processing', 'succeeded') or payment_intent_id is not null),
    check ((cancel_reason is null) = (cancel_requested_at is null))
) with (fillfactor = 80);
create index payment_open on payment (coalesce(reconciled_at, created_at))
    where status in ('creating', 'pending', 'processing') or (status = 'failed' and cancel_reason is not null);
create index payment_alert on payment (updated_at) where alert is not null;
create index payment_customer on payment (customer_id, created_at);

comment on table payment is 'One payment for each order, with its Stripe PaymentIntent.';

-- What was asked of Stripe. The row is committed before the call is made; its id is the Idempotency-Key and its body is
-- sent byte for byte, so that a repeated call is the same call.
create table stripe_call (
    id            uuid        primary key,
    payment_id    uuid        not null references payment (id),
    refund_id     uuid,
    kind          text        not null check (kind in ('create', 'confirm', 'cancel', 'refund')),
    request_body  bytea       not null,
    state         text        not null default 'pending' check (state in ('pending', 'succeeded', 'failed', 'withdrawn')),
    sends         integer     not null default 0 check (sends >= 0),   -- tries whose end is known here
    http_status   integer,
    error_code    text,
    request_id    text,                                                -- Stripe's, for its support
    created_at    timestamptz not null default now(),
    ended_at      timestamptz,
    check ((state = 'pending') = (ended_at is null)),
    check ((kind = 'refund') = (refund_id is not null))
);
-- One at a time: a new attempt only after a definitive end of the one before.
create unique index stripe_call_pending on stripe_call (payment_id, kind) where state = 'pending' and kind <> 'refund';
create unique index stripe_call_pending_refund on stripe_call (refund_id) where state = 'pending' and kind = 'refund';
create index stripe_call_payment on stripe_call (payment_id, created_at);

comment on table stripe_call is 'Calls to Stripe, persisted before they are made. The id is the Idempotency-Key.';

create table refund (
    id               uuid        primary key,
    payment_id       uuid        not null references payment (id),
    amount_minor     bigint      not null check (amount_minor > 0),
    currency         text        not null check (currency ~ '^[A-Z]{3}$'),
    reason           text        not null,
    origin           text        not null check (origin in ('order', 'operator', 'stripe')),
    status           text        not null check (status in (
        'requested', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')),
    stripe_refund_id text        unique check (length(stripe_refund_id) between 1 and 255),
    failure_code     text,
    requested_by     text,                                -- the operator's subject
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    check (status in ('requested', 'failed') or stripe_refund_id is not null)
);
alter table stripe_call add foreign key (refund_id) references refund (id);
-- The saga's full refund is there once; when Stripe failed it, it may be asked for again.
create unique index refund_automatic on refund (payment_id) where origin = 'order' and status not in ('failed', 'canceled');
create index refund_payment on refund (payment_id, created_at);
create index refund_open on refund (updated_at) where status in ('requested', 'pending', 'requires_action');

-- Tries that failed, each counted once however often it is told of: its charge names it.
create table payment_failure (
    payment_id  uuid        not null references payment (id),
    failure_key text        not null,
    code        text        not null,
    occurred_at timestamptz not null default now(),
    primary key (payment_id, failure_key)
);

-- Stripe's events. The payload is what this service reads of an event: no client secret, nothing about the customer.
create table webhook_event (
    id                text        primary key check (length(id) between 1 and 255),
    type              text        not null,
    payment_intent_id text,
    payment_id        uuid        references payment (id),
    payload           json        not null,
    source            text        not null check (source in ('webhook', 'reconciliation')),
    state             text        not null check (state in ('processed', 'pending', 'ignored', 'failed')),
    outcome           text,
    error             text,
    stripe_created_at timestamptz not null,
    received_at       timestamptz not null default now(),
    processed_at      timestamptz
);
create index webhook_event_pending on webhook_event (payment_intent_id) where state = 'pending';
create index webhook_event_received on webhook_event (received_at, id);
create index webhook_event_open on webhook_event (state, received_at) where state in ('pending', 'failed');

create table payment_history (
    id          bigint      generated always as identity primary key,
    payment_id  uuid        not null references payment (id),
    cause       text        not null,                     -- an event's type, a job's kind, 'webhook' or 'operator'
    cause_id    text,                                     -- which one
    from_status text,
    to_status   text        not null,
    note        text,
    occurred_at timestamptz not null default clock_timestamp()
);
create index payment_history_payment on payment_history (payment_id, id);

-- How far Stripe's list of events has been read.
create table stripe_event_cursor (
    name       text        primary key,
    event_id   text,
    created_at timestamptz not null,
    updated_at timestamptz not null default now()
);

-- What operators look at ---------------------------------------------------------------------------------------------

create view payment_unfinished as
    select id, order_id, status, stripe_status, payment_intent_id, cancel_reason, attempts, last_error_code,
           now() - created_at as age, now() - updated_at as unchanged_for, reservation_expires_at
    from payment
    where status in ('awaiting_order', 'awaiting_stock', 'creating', 'pending', 'processing')
       or (status = 'failed' and cancel_reason is not null)
    order by created_at;

-- A person has to look: a mismatch, a refund that failed, a call that gets no answer, an event that cannot be applied.
create view payment_attention as
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

create view refund_unfinished as
    select r.id, p.order_id, r.payment_id, r.amount_minor, r.currency, r.status, r.reason, r.stripe_refund_id,
           now() - r.created_at as age
    from refund r join payment p on p.id = r.payment_id
    where r.status in ('requested', 'pending', 'requires_action')
    order by r.created_at;
