-- The head of the stream: what was purged is told from what aged out, and filled again.

alter table outbox_cursor add column first_sequence bigint not null default 0;
comment on column outbox_cursor.first_sequence is
    'The stream''s first sequence, up to which nothing that is missing is missed: it aged out, or was copied again.';

-- About the first position whose row is not older than that time, by bisection: there is no index by time. A row's time
-- is that of its transaction's begin, so neighbours may stand the other way round; ask for a little earlier.
create function outbox_position_at(at timestamptz) returns bigint
language plpgsql stable strict as $$
declare
    low   bigint := outbox_first_position();
    high  bigint := (select case when is_called then last_value else 0 end + 1 from outbox_position_seq);
    mid   bigint;
    next record;
begin
    while low < high loop
        mid := low + (high - low) / 2;
        select position, occurred_at into next
        from outbox where position >= mid and position < high order by position limit 1;
        if not found or next.occurred_at >= at then high := mid; else low := next.position + 1; end if;
    end loop;
    return low;
end $$;

-- Whether this transaction was rolled back, by itself or with its process: how a row lock that was left behind tells of a
-- worker that died. A claim that locks a row and then sees that it is not due any more commits, and tells nothing. The
-- epoch is that of the transactions now; false for one too old to be known.
create function xact_was_aborted(id xid) returns boolean
language plpgsql as $$
declare
    next constant bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    full_id bigint := next / 4294967296 * 4294967296 + id::text::bigint;
begin
    if full_id >= next then full_id := full_id - 4294967296; end if;
    return full_id >= 3 and coalesce(pg_xact_status(full_id::text::xid8) = 'aborted', false);
end $$;
