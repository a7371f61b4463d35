-- The ledger lost events that its stream has
-- databases: orders, payments, inventory

-- Where the relay began to copy again: all behind the last position that ledger and stream are sure to share.
select stream, position, stream_sequence, epoch, updated_at from outbox_cursor;

-- The first events since: compare with the stream's messages of the same Outbox-Position.
select position, event_id, subject, aggregate_id, occurred_at
from outbox
where occurred_at > now() - interval '1 day'
order by position
limit 100;
