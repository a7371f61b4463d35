-- Partitions by the bounds that they have, not by their names; drops that make nobody wait; what is left of the ledger.

-- The ledger's partitions, oldest first. `lower_position` is null for one that is open below.
create view outbox_partition as
    select c.relname::text as name, b.lower_position, b.upper_position,
           b.upper_position - 1 <= (select min(position) from outbox_cursor) as is_relayed,
           b.lower_position > s.last_position as is_ahead,
           pg_total_relation_size(c.oid) as bytes
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    cross join lateral pg_get_expr(c.relpartbound, c.oid) as bound
    cross join lateral (
        select (regexp_match(bound, 'FROM \(''(-?\d+)''\)'))[1]::bigint as lower_position,
               (regexp_match(bound, 'TO \(''(-?\d+)''\)'))[1]::bigint as upper_position) as b
    cross join (select case when is_called then last_value else 0 end as last_position from outbox_position_seq) as s
    where i.inhparent = 'outbox'::regclass
    order by b.upper_position;

-- Where the ledger begins: what lay before was dropped, and can neither be relayed again nor verified.
create function outbox_first_position() returns bigint
language sql stable as $$
    select coalesce(lower_position, 0) from outbox_partition order by upper_position limit 1
$$;

create view outbox_extent as
    select outbox_first_position() as first_position,
           (select case when is_called then last_value else 0 end from outbox_position_seq) as last_position,
           (select occurred_at from outbox order by position limit 1) as oldest_at,
           (select occurred_at from outbox order by position desc limit 1) as newest_at;
comment on view outbox_extent is 'What verifying, replaying and filling a stream again can still see.';

-- Makes partitions until there are `ahead` whole ones that no position has reached yet, each from the end of the one
-- before it to the next multiple of `size`. Writers are not disturbed: attaching takes no lock that they wait for.
create or replace function outbox_create_partitions(ahead integer, size bigint default 1000000) returns integer
language plpgsql as $$
declare
    made      integer := 0;
    last_used bigint;
    lower     bigint;
    upper     bigint;
    name      text;
begin
    perform pg_advisory_xact_lock(hashtext('outbox_create_partitions'));
    perform set_config('lock_timeout', '5s', true);
    select case when is_called then last_value else 0 end into last_used from outbox_position_seq;
    -- Behind a jump of the sequence the partitions between are left out: nothing can fall into them any more.
    select greatest(max(upper_position), last_used / size * size) into lower from outbox_partition;
    while (select count(*) from outbox_partition where is_ahead) < ahead
          or not exists (select from outbox_partition where upper_position > last_used)
    loop
        upper := (lower / size + 1) * size;
        name := 'outbox_p' || lpad((lower / size)::text, 9, '0');
        if to_regclass(name) is not null then name := 'outbox_p' || lower || '_' || upper; end if;
        execute format('create table %I (like outbox including defaults including constraints)', name);
        execute format('alter table outbox attach partition %I for values from (%s) to (%s)', name, lower, upper);
        made := made + 1;
        lower := upper;
    end loop;
    return made;
end $$;

-- The partitions that are to go, oldest first: every cursor has passed them, and their last row is older than the
-- retention. None as long as no relay has ever written a cursor.
create function outbox_partitions_due(retention interval) returns setof text
language plpgsql stable as $$
declare
    part record;
    last timestamptz;
begin
    for part in select p.name, p.is_relayed from outbox_partition p order by p.upper_position loop
        exit when part.is_relayed is not true;
        execute format('select occurred_at from %I order by position desc limit 1', part.name) into last;
        exit when last > now() - retention;
        return next part.name;
    end loop;
end $$;

-- Drops the oldest partition that is due, and names it. Dropping needs the whole table's lock for a moment, and whoever
-- comes while it is waited for has to wait too: so no longer than 100 ms; null, to be tried another time, when a
-- transaction is in the way.
drop function outbox_drop_partitions(interval, bigint);
create function outbox_drop_partition(retention interval) returns text
language plpgsql as $$
declare
    part   text;
    newest timestamptz;
begin
    perform pg_advisory_xact_lock(hashtext('outbox_create_partitions'));
    select due into part from outbox_partitions_due(retention) as due limit 1;
    if part is null then return null; end if;
    -- The last row is not always the newest: a long transaction's time is that of its begin.
    execute format('select max(occurred_at) from %I', part) into newest;
    if newest > now() - retention then return null; end if;
    perform set_config('lock_timeout', '100ms', true);
    execute format('drop table %I', part);
    return part;
exception when lock_not_available then
    return null;
end $$;

-- The inbox's partitions of whole days, oldest first; days are those of UTC.
create view inbox_partition as
    select c.relname::text as name, to_date(substr(c.relname, 7), 'YYYYMMDD') as day,
           to_date(substr(c.relname, 7), 'YYYYMMDD') > (now() at time zone 'UTC')::date as is_ahead,
           pg_total_relation_size(c.oid) as bytes
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'inbox'::regclass and c.relname ~ '^inbox_[0-9]{8}$'
    order by c.relname;

-- Attaching takes the default partition's lock; who uses that is not to wait, so this gives up and comes again.
create or replace function inbox_create_partitions(ahead integer) returns integer
language plpgsql as $$
declare
    made  integer := 0;
    day   timestamptz;
    name  text;
    floor uuid;
    ceil  uuid;
begin
    perform pg_advisory_xact_lock(hashtext('inbox_create_partitions'));
    perform set_config('lock_timeout', '100ms', true);
    for i in 0 .. ahead loop
        day := date_trunc('day', now(), 'UTC') + i * interval '1 day';
        name := 'inbox_' || to_char(day at time zone 'UTC', 'YYYYMMDD');
        continue when to_regclass(name) is not null;
        floor := uuid_v7_floor(day);
        ceil := uuid_v7_floor(day + interval '1 day');
        -- Before the rows are moved: none may come in between.
        lock table inbox_default in access exclusive mode;
        execute format('create table %I (like inbox including defaults including constraints)', name);
        -- What came before its partition was there waits in the default one.
        execute format('with moved as (delete from inbox_default where event_id >= %L and event_id < %L returning *)
                        insert into %I select * from moved', floor, ceil, name);
        execute format('alter table inbox attach partition %I for values from (%L) to (%L)', name, floor, ceil);
        made := made + 1;
    end loop;
    return made;
exception when lock_not_available then
    return 0;
end $$;

-- Drops the oldest day that is older than the retention, and names it; null as above.
drop function inbox_drop_partitions(interval);
create function inbox_drop_partition(retention interval) returns text
language plpgsql as $$
declare
    part text;
begin
    perform pg_advisory_xact_lock(hashtext('inbox_create_partitions'));
    select p.name into part
    from inbox_partition p
    where (p.day + 1)::timestamp at time zone 'UTC' <= now() - retention
    order by p.day
    limit 1;
    if part is null then return null; end if;
    perform set_config('lock_timeout', '100ms', true);
    execute format('drop table %I', part);
    return part;
exception when lock_not_available then
    return null;
end $$;
