drop function inbox_drop_partition, outbox_drop_partition, outbox_partitions_due;
drop view inbox_partition, outbox_extent;
drop function outbox_first_position;
drop function outbox_create_partitions, inbox_create_partitions;
drop view outbox_partition;

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
