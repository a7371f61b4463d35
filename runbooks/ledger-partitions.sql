-- The ledger runs out of partitions, or old ones stay
-- databases: orders, payments, inventory

-- Partitions, oldest first. Four should be ahead; none that is relayed and old should be left.
select name, lower_position, upper_position, is_relayed, is_ahead, pg_size_pretty(bytes) as size from outbox_partition;

-- What the ledger still has.
select * from outbox_extent;

-- Upkeep itself: when it runs next, and what went wrong the last time.
select id, run_at, attempt, last_error from scheduled_job where kind = 'outbox.upkeep';

-- Every cursor holds back the drop: one of a stream that is not there any more does so for ever.
select stream, position, updated_at from outbox_cursor order by position;

-- Who has the ledger open for long, so that no drop can be had.
select a.pid, a.application_name, now() - a.xact_start as age, left(a.query, 100) as query
from pg_stat_activity a
where a.pid in (select l.pid from pg_locks l where l.relation = 'outbox'::regclass) and a.pid <> pg_backend_pid()
order by a.xact_start;
