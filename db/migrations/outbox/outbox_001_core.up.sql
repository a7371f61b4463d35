-- The core that every service's database has: the ledger (outbox), the inbox, dead letters, jobs, idempotency keys.

-- The ledger ---------------------------------------------------------------------------------------------------------

-- Cache 1: positions are given out in order, so that a visible position means that all below it were given out before.
-- A sequence of its own because Postgres before 17 has no identity columns on partitioned tables.
create sequence outbox_position_seq as bigint cache 1;

create table outbox (
    position       bigint      not null default nextval('outbox_position_seq'),
    event_id       uuid        not null,
    aggregate_type text        not null,
    aggregate_id   text        not null,
    subject        text        not null,
    event          json        not null,   -- the CloudEvent as it goes on the wire; json, because jsonb is turned into text again at each read
    traceparent    text,
    occurred_at    timestamptz not null default now(),
    primary key (position)
) partition by range (position);
alter sequence outbox_position_seq owned by outbox.position;
create index outbox_aggregate on outbox (aggregate_id, position);

comment on table outbox is 'Append-only ledger of events. Rows are never updated and never deleted one by one; the stream is its replica.';

create table outbox_cursor (
    stream          text        primary key,
    position        bigint      not null,
    stream_sequence bigint      not null,
    epoch           integer     not null default 0,
    updated_at      timestamptz not null default now()
);
comment on table outbox_cursor is 'What the stream''s own tail said last: a cache, which drives retention and the views. The tail decides.';

-- A partition holds this many positions. Created without an exclusive lock on the parent: made beside it, then attached.
create function outbox_create_partitions(ahead integer, size bigint default 1000000) returns integer
language plpgsql as $$
declare
    made      integer := 0;
    last_used bigint;
    lower     bigint;
    name      text;
begin
    perform pg_advisory_xact_lock(hashtext('outbox_create_partitions'));
    select case when is_called then last_value else 0 end into last_used from outbox_position_seq;
    for i in 0 .. ahead loop
        lower := (last_used / size + i) * size;
        name := 'outbox_p' || lpad((lower / size)::text, 9, '0');
        if to_regclass(name) is null then
            execute format('create table %I (like outbox including defaults including constraints)', name);
            execute format('alter table outbox attach partition %I for values from (%s) to (%s)', name, lower, lower + size);
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;

-- Drops each partition that lies wholly behind every cursor and whose newest row is older than the retention.
create function outbox_drop_partitions(retention interval, size bigint default 1000000) returns setof text
language plpgsql as $$
declare
    relayed bigint;
    part    record;
    newest  timestamptz;
begin
    perform pg_advisory_xact_lock(hashtext('outbox_create_partitions'));
    select min(position) into relayed from outbox_cursor;
    if relayed is null then return; end if;
    for part in
        select c.relname as name, substr(c.relname, 9)::bigint * size as lower
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'outbox'::regclass and c.relname like 'outbox\_p%'
        order by c.relname
    loop
        exit when part.lower + size - 1 > relayed;
        execute format('select max(occurred_at) from %I', part.name) into newest;
        continue when newest > now() - retention;
        execute format('drop table %I', part.name);
        return next part.name;
    end loop;
end $$;

select outbox_create_partitions(4);

-- The inbox ----------------------------------------------------------------------------------------------------------

-- Partitioned by the event's id, which is a version 7 UUID and so sorts by time: one event always falls into the same
-- partition, and the primary key holds over all of them.
create table inbox (
    consumer     text        not null,
    event_id     uuid        not null,
    processed_at timestamptz not null default now(),
    primary key (consumer, event_id)
) partition by range (event_id);
create table inbox_default partition of inbox default;

create function uuid_v7_floor(at timestamptz) returns uuid
language sql immutable strict as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

create function inbox_create_partitions(ahead integer) returns integer
language plpgsql as $$
declare
    made  integer := 0;
    day   timestamptz;
    name  text;
    floor uuid;
    ceil  uuid;
begin
    perform pg_advisory_xact_lock(hashtext('inbox_create_partitions'));
    for i in 0 .. ahead loop
        day := date_trunc('day', now(), 'UTC') + i * interval '1 day';
        name := 'inbox_' || to_char(day at time zone 'UTC', 'YYYYMMDD');
        if to_regclass(name) is null then
            floor := uuid_v7_floor(day);
            ceil := uuid_v7_floor(day + interval '1 day');
            execute format('create table %I (like inbox including defaults including constraints)', name);
            -- What came before its partition was there waits in the default one.
            execute format('with moved as (delete from inbox_default where event_id >= %L and event_id < %L returning *)
                            insert into %I select * from moved', floor, ceil, name);
            execute format('alter table inbox attach partition %I for values from (%L) to (%L)', name, floor, ceil);
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;

create function inbox_drop_partitions(retention interval) returns setof text
language plpgsql as $$
declare
    part record;
begin
    perform pg_advisory_xact_lock(hashtext('inbox_create_partitions'));
    for part in
        select c.relname as name
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'inbox'::regclass and c.relname ~ '^inbox_[0-9]{8}$'
        order by c.relname
    loop
        exit when to_timestamp(substr(part.name, 7), 'YYYYMMDD') + interval '1 day' > now() - retention;
        execute format('drop table %I', part.name);
        return next part.name;
    end loop;
end $$;

select inbox_create_partitions(7);

-- Dead letters -------------------------------------------------------------------------------------------------------

create table dead_letter (
    id              bigint      generated always as identity primary key,
    consumer        text        not null,   -- a durable consumer's name, or 'relay' for what no stream takes
    state           text        not null default 'dead' check (state in ('dead', 'parked', 'resolved')),
    event_id        uuid,
    event_type      text        not null,
    aggregate_id    text        not null,
    stream          text        not null,
    stream_sequence bigint      not null,   -- for the relay's, the ledger position
    payload         bytea       not null,   -- the message as it came: it may not even be JSON
    traceparent     text,
    error           text        not null,
    attempts        integer     not null,
    created_at      timestamptz not null default now(),
    resolved_at     timestamptz,
    unique (consumer, stream, stream_sequence)
);
create index dead_letter_open on dead_letter (consumer, id) where state <> 'resolved';

-- Jobs ---------------------------------------------------------------------------------------------------------------

create table scheduled_job (
    id         bigint      generated always as identity primary key,
    kind       text        not null,
    unique_key text,
    run_at     timestamptz not null default now(),
    payload    json        not null default '{}',
    attempt    integer     not null default 0,
    state      text        not null default 'scheduled' check (state in ('scheduled', 'dead')),
    last_error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (kind, unique_key)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index scheduled_job_due on scheduled_job (kind, run_at, id) where state = 'scheduled';

-- Idempotency keys of requests ---------------------------------------------------------------------------------------

create table idempotency_key (
    scope        text        not null,   -- who asks and what for, such as 'orders:customer-7'
    key          text        not null check (length(key) between 1 and 255),
    request_hash bytea       not null,
    status       integer     not null,
    response     json        not null,
    created_at   timestamptz not null default now(),
    primary key (scope, key)
);
create index idempotency_key_age on idempotency_key (created_at);

-- What operators look at ---------------------------------------------------------------------------------------------

create view outbox_pending as
    select o.position, o.event_id, o.subject, o.aggregate_type, o.aggregate_id, o.occurred_at, now() - o.occurred_at as age
    from outbox o
    where o.position > coalesce((select max(position) from outbox_cursor), 0)
    order by o.position;

-- Transactions that may still fill a position: the relay waits for them when there is a hole before what it can see.
create view outbox_stall as
    select l.pid, l.virtualtransaction, a.application_name, a.usename as user_name, a.client_addr, a.state,
           now() - a.xact_start as age, a.xact_start, left(a.query, 200) as query,
           (select p.gid
            from pg_locks x join pg_prepared_xacts p on p.transaction = x.transactionid
            where l.pid is null and x.locktype = 'transactionid' and x.virtualtransaction = l.virtualtransaction
            limit 1) as prepared_gid
    from pg_locks l
    left join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation' and l.relation = 'outbox'::regclass
      and l.database = (select oid from pg_database where datname = current_database())
      and l.mode = 'RowExclusiveLock' and l.granted
      and l.pid is distinct from pg_backend_pid()
    order by a.xact_start nulls first;

create view job_late as
    select id, kind, unique_key, run_at, now() - run_at as late_by, attempt, last_error
    from scheduled_job
    where state = 'scheduled' and run_at < now() - interval '5 seconds'
    order by run_at;

create view job_dead as
    select id, kind, unique_key, run_at, attempt, last_error, updated_at
    from scheduled_job
    where state = 'dead'
    order by updated_at;

create view dead_letter_pending as
    select id, consumer, state, event_type, event_id, aggregate_id, stream, stream_sequence, attempts, created_at, error
    from dead_letter
    where state <> 'resolved'
    order by id;
