-- An order does not move
-- databases: orders

-- Unsettled sagas without a live deadline ahead. Must be empty.
select order_id, state, waits_for, deadline, unchanged_for, job_state, job_error from saga_stuck;

-- Ended orders whose undo is not confirmed yet, and what is still open.
select order_id, state, reason, stock, payment, refund_reason, asked_again, deadline from saga_compensating;

-- Events that could not be if every service kept its word.
select at, order_id, event, state, note from saga_illegal_event limit 20;
