-- The relay waits for an open transaction
-- databases: orders, payments, inventory

-- Who it is: the oldest transaction that may still write an event. Others delay nothing.
select pid, application_name, client_addr, state, age, prepared_gid, query from outbox_stall;

-- The rows behind it, which wait.
select count(*) as waiting, min(position) as first_position from outbox_pending;
