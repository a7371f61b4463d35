-- A consumer stands still
-- databases: orders, payments, inventory

-- What each consumer applied last.
select consumer, max(processed_at) as last, now() - max(processed_at) as since
from inbox where event_id > uuid_v7_floor(now() - interval '7 days') group by consumer order by last;

-- What it gave up, and why.
select id, consumer, event_type, state, attempts, left(error, 200) as error, created_at from dead_letter
where state <> 'resolved' order by id desc limit 20;
