-- Events do not reach the stream
-- databases: orders, payments, inventory

-- How far the relay is, and how long ago it last wrote that down.
select stream, position, stream_sequence, epoch, now() - updated_at as updated_ago from outbox_cursor;

-- What waits, oldest first.
select count(*) as waiting, max(age) as oldest from outbox_pending;
select position, subject, aggregate_id, age from outbox_pending limit 20;

-- Does a relay hold the ledger's lock at all? No row: none leads.
select a.pid, a.application_name, a.client_addr, a.backend_start
from pg_locks l join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted
  and l.database = (select oid from pg_database where datname = current_database());
