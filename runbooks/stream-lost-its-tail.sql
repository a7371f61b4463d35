-- A stream lost its tail or was deleted
-- databases: orders, payments, inventory

-- The epoch counts the rewinds; the position is where the copy is now.
select stream, position, stream_sequence, epoch, updated_at from outbox_cursor;

-- How far back the ledger reaches: older events cannot be rebuilt.
select min(position) as first_position, min(occurred_at) as since from outbox;
