-- The order service: orders, their sagas with every event that they took, and a replica of the catalogue.

-- Orders -------------------------------------------------------------------------------------------------------------

create table orders (
    id             uuid        primary key,                  -- version 7: newer orders sort behind older ones
    customer_id    text        not null check (length(customer_id) between 1 and 255),
    status         text        not null check (status in ('PENDING', 'CONFIRMED', 'CANCELLED', 'FAILED')),
    reason         text,                                     -- why it was cancelled or failed: a stable code
    currency       char(3)     not null check (currency ~ '^[A-Z]{3}$'),
    total_minor    bigint      not null check (total_minor > 0),
    payment_method text        check (length(payment_method) between 1 and 255),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    check ((status in ('CANCELLED', 'FAILED')) = (reason is not null))
) with (fillfactor = 80);
create index orders_of_customer on orders (customer_id, id desc);
create index orders_by_status on orders (status, id desc);

-- As they were when the order was placed: later changes of the catalogue do not touch them. One line a product.
create table order_line (
    order_id         uuid     not null references orders,
    line_no          smallint not null check (line_no between 1 and 50),
    sku              text     not null,
    artisan_id       text     not null,
    title            text     not null,
    quantity         integer  not null check (quantity between 1 and 999),
    unit_price_minor bigint   not null check (unit_price_minor > 0),
    primary key (order_id, line_no),
    unique (order_id, sku)
);

-- Sagas --------------------------------------------------------------------------------------------------------------

-- Every unsettled saga has a deadline: the database itself keeps that half of promise D11. The other half is the job
-- 'saga.deadline', whose key is the saga's id; the view saga_stuck shows where it is missing.
create table saga (
    id                 uuid        primary key,
    order_id           uuid        not null unique references orders,
    definition_version integer     not null,
    state              text        not null check (state in ('STARTED', 'STOCK_RESERVED', 'PAYMENT_PENDING',
                                       'COMPLETED', 'STOCK_FAILED', 'PAYMENT_FAILED', 'CANCELLED')),
    data               json        not null,   -- all that the saga knows; json, because it is read and written whole
    seq                integer     not null,   -- of the newest row of its history
    deadline           timestamptz,
    total_deadline     timestamptz not null,   -- the end of the running phase
    settled_at         timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    check ((settled_at is null) = (deadline is not null)),
    check (settled_at is null or state in ('COMPLETED', 'STOCK_FAILED', 'PAYMENT_FAILED', 'CANCELLED'))
) with (fillfactor = 70);
create index saga_unsettled on saga (id) where settled_at is null;

create table saga_history (
    saga_id      uuid        not null references saga,
    seq          integer     not null check (seq >= 1),
    at           timestamptz not null default clock_timestamp(),
    event        text        not null,   -- the kind of event, such as 'inventory.reserved.v1' or 'deadline.stock'
    event_id     uuid,                   -- of the CloudEvent; null for requests and deadlines
    from_state   text,                   -- null for the first row
    to_state     text        not null,
    order_status text        not null,
    verdict      text        not null check (verdict in ('applied', 'ignored', 'illegal')),
    note         text,                   -- why it was not applied
    actions      json        not null,   -- what was done, in short
    primary key (saga_id, seq),
    check ((verdict = 'applied') = (note is null))
);
create index saga_history_illegal on saga_history (at) where verdict = 'illegal';

-- The catalogue, as inventory told of it -----------------------------------------------------------------------------

create table catalogue_product (
    sku         text        collate "C" primary key,
    artisan_id  text        not null,
    title       text        not null,
    price_minor bigint      not null check (price_minor > 0),
    currency    char(3)     not null check (currency ~ '^[A-Z]{3}$'),
    active      boolean     not null,
    version     bigint      not null,   -- inventory's; what is older than this is ignored
    updated_at  timestamptz not null default now()
);

-- What operators look at ---------------------------------------------------------------------------------------------

-- Must return no rows: unsettled sagas that nothing will wake. A minute's grace, because jobs may be late under load.
create view saga_stuck as
    select s.order_id, s.id as saga_id, s.state, s.data ->> 'deadline' as waits_for, s.deadline,
           now() - s.updated_at as unchanged_for, j.state as job_state, j.run_at as job_run_at, j.last_error as job_error
    from saga s
    left join scheduled_job j on j.kind = 'saga.deadline' and j.unique_key = s.id::text
    where s.settled_at is null
      and (s.deadline < now() - interval '1 minute' or j.id is null or j.state = 'dead')
    order by s.deadline;

-- Unsettled sagas whose deadline has passed: for a moment that is normal.
create view saga_overdue as
    select s.order_id, s.id as saga_id, s.state, s.data ->> 'deadline' as waits_for, s.deadline,
           now() - s.deadline as overdue_by
    from saga s
    where s.settled_at is null and s.deadline < now()
    order by s.deadline;

-- Sagas that have ended and wait for their undo to be confirmed.
create view saga_compensating as
    select s.order_id, s.id as saga_id, s.state, s.data ->> 'reason' as reason, s.data ->> 'stock' as stock,
           s.data ->> 'payment' as payment, s.data ->> 'rescue' as rescue, s.data ->> 'refundReason' as refund_reason,
           (s.data ->> 'attempts')::integer as asked_again, s.deadline
    from saga s
    where s.settled_at is null and s.state in ('STOCK_FAILED', 'PAYMENT_FAILED', 'CANCELLED')
    order by s.deadline;

-- Money was taken and the order is not confirmed: each row is on its way to stock (rescue) or to a refund.
create view money_without_stock as
    select s.order_id, s.id as saga_id, o.customer_id, o.status, o.reason, o.total_minor, o.currency,
           s.data ->> 'rescue' as rescue, s.data ->> 'refundReason' as refund_reason, s.deadline,
           now() - s.updated_at as unchanged_for
    from saga s
    join orders o on o.id = s.order_id
    where s.settled_at is null and s.data ->> 'payment' = 'succeeded'
    order by s.updated_at;

-- Events that could not be if every service kept its word.
create view saga_illegal_event as
    select h.at, s.order_id, h.saga_id, h.event, h.event_id, h.from_state as state, h.note
    from saga_history h
    join saga s on s.id = h.saga_id
    where h.verdict = 'illegal'
    order by h.at desc;
