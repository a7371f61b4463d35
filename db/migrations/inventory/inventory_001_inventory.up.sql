-- The inventory service: the catalogue, the shelf, what is held for orders, and the book of every movement.

-- The catalogue ------------------------------------------------------------------------------------------------------

create table product (
    sku             text        collate "C" primary key check (sku ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    artisan_id      text        not null check (length(artisan_id) between 1 and 128),
    title           text        not null check (length(title) between 1 and 200),
    description     text        not null default '' check (length(description) <= 4000),
    price_minor     bigint      not null check (price_minor > 0),
    currency        char(3)     not null check (currency ~ '^[A-Z]{3}$'),
    active          boolean     not null default true,
    reservation_ttl interval    check (reservation_ttl > interval '0'),   -- null: the service's default
    version         bigint      not null default 1,                       -- rises with each change; it is the ETag
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);
create index product_artisan on product (artisan_id, sku);

-- The shelf ----------------------------------------------------------------------------------------------------------

-- Half-filled pages, so that the many updates of a hot row stay on its page and touch no index.
create table stock (
    sku                 text        collate "C" primary key references product,
    on_hand             bigint      not null default 0,
    reserved            bigint      not null default 0,
    low_stock_threshold bigint      not null default 0 check (low_stock_threshold >= 0),   -- 0: never alert
    low_stock_alerted   boolean     not null default false,   -- told already, and not recovered since
    updated_at          timestamptz not null default now(),
    constraint stock_is_exact check (0 <= reserved and reserved <= on_hand)
) with (fillfactor = 50);

-- What is held for orders --------------------------------------------------------------------------------------------

-- One row for each order that this service has heard of. Whatever happens to an order's stock takes this row's lock
-- first, so that a release and the reservation it is for cannot pass each other unseen.
create table reservation_order (
    order_id       uuid        primary key,
    saga_id        uuid        not null,
    released_at    timestamptz,   -- set by the first release: what is ordered after it is not reserved
    release_reason text,
    late_order_at  timestamptz,   -- when the order itself came after its release
    created_at     timestamptz not null default now()
);

create table reservation (
    id         uuid        primary key,
    order_id   uuid        not null references reservation_order,
    saga_id    uuid        not null,
    attempt    integer     not null check (attempt >= 1),   -- 1; more when stock was taken again after the first hold ended
    status     text        not null check (status in ('active', 'committed', 'released', 'expired')),
    ttl        interval    not null check (ttl > interval '0'),
    expires_at timestamptz not null,
    hold_until timestamptz not null,               -- no extension goes past it
    extensions integer     not null default 0,     -- names the expiry job, so that an extension never waits for a running one
    created_at timestamptz not null default now(),
    ended_at   timestamptz,
    reason     text,                               -- why it ended: cancelled, failed, expired, operator, confirmed
    unique (order_id, attempt),
    check (expires_at <= hold_until),
    check ((status = 'active') = (ended_at is null))
) with (fillfactor = 80);
create unique index reservation_one_active on reservation (order_id) where status = 'active';
create index reservation_active on reservation (expires_at) where status = 'active';

create table reservation_line (
    reservation_id uuid   not null references reservation,
    sku            text   collate "C" not null references stock,
    quantity       bigint not null check (quantity > 0),
    primary key (reservation_id, sku)
);

-- The book of every movement -----------------------------------------------------------------------------------------

create table stock_ledger (
    id             bigint      generated always as identity primary key,
    sku            text        collate "C" not null,
    kind           text        not null check (kind in ('adjusted', 'reserved', 'committed', 'released', 'expired')),
    delta_on_hand  bigint      not null,
    delta_reserved bigint      not null,
    reason         text        not null,
    actor          text        not null,   -- who: 'system', or role and subject such as 'artisan:ana'
    reference      text,                   -- of what: a reservation's or an adjustment's id
    at             timestamptz not null default clock_timestamp()
);
create index stock_ledger_sku on stock_ledger (sku, id);

create function stock_ledger_is_append_only() returns trigger
language plpgsql as $$
begin
    raise exception 'stock_ledger is append-only' using errcode = 'integrity_constraint_violation';
end $$;
create trigger stock_ledger_append_only before update or delete or truncate on stock_ledger
    for each statement execute function stock_ledger_is_append_only();

comment on table stock_ledger is 'Append-only: each change of stock with its reason, actor and reference. on_hand can be recomputed from it.';

-- What operators look at ---------------------------------------------------------------------------------------------

-- Orders released before they were reserved.
create view reservation_tombstone as
    select o.order_id, o.saga_id, o.released_at, o.release_reason, o.late_order_at
    from reservation_order o
    where o.released_at is not null
      and not exists (select from reservation r where r.order_id = o.order_id and r.attempt = 1);

-- Must return no rows: the counters beside the active reservations and beside the ledger.
create view stock_drift as
    select s.sku, s.on_hand, coalesce(g.on_hand, 0) as ledger_on_hand,
           s.reserved, coalesce(g.reserved, 0) as ledger_reserved, coalesce(h.held, 0) as held_by_reservations
    from stock s
    left join (
        select sku, sum(delta_on_hand)::bigint as on_hand, sum(delta_reserved)::bigint as reserved
        from stock_ledger group by sku
    ) g on g.sku = s.sku
    left join (
        select l.sku, sum(l.quantity)::bigint as held
        from reservation r join reservation_line l on l.reservation_id = r.id
        where r.status = 'active' group by l.sku
    ) h on h.sku = s.sku
    where s.on_hand <> coalesce(g.on_hand, 0)
       or s.reserved <> coalesce(g.reserved, 0)
       or s.reserved <> coalesce(h.held, 0);

-- Holds past their end, and the job that is to end each; without a scheduled job the sweep ends it.
create view reservation_overdue as
    select r.id, r.order_id, r.saga_id, r.attempt, r.expires_at, now() - r.expires_at as overdue_by,
           k.job_key, j.id as job_id, j.state as job_state, j.last_error as job_error
    from reservation r
    cross join lateral (
        select case when r.extensions = 0 then r.id::text else r.id::text || '/' || r.extensions end as job_key
    ) k
    left join scheduled_job j on j.kind = 'reservation.expire' and j.unique_key = k.job_key
    where r.status = 'active' and r.expires_at < now()
    order by r.expires_at;
