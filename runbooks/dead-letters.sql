-- Dead letters
-- databases: orders, payments, inventory

-- What could not be applied, oldest first.
select id, consumer, state, event_type, aggregate_id, attempts, created_at, left(error, 200) as error
from dead_letter_pending limit 50;

-- The same by cause.
select consumer, event_type, left(error, 80) as error, count(*), min(created_at) as since
from dead_letter_pending group by 1, 2, 3 order by count(*) desc;

-- One message, as it came.
select convert_from(payload, 'UTF8') as message from dead_letter where id = 1;
