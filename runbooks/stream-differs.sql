-- A stream is not what its ledger is
-- databases: orders, payments, inventory

-- How far the stream is, and where it begins; the epoch counts how often the relay went back.
select stream, position, stream_sequence, first_sequence, epoch, updated_at from outbox_cursor;

-- Positions that the stream will never have: no stream takes them (dead), or they were appended again (resolved).
select stream_sequence as position, state, event_type, error, created_at
from dead_letter
where consumer = 'relay'
order by stream_sequence desc
limit 50;
