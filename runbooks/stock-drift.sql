-- The stock's counters do not add up
-- databases: inventory

-- Must be empty: the counters beside the active reservations and the ledger.
select sku, on_hand, ledger_on_hand, reserved, ledger_reserved, held_by_reservations from stock_drift;

-- Reservations past their time. Must be empty but for a moment.
select id, order_id, expires_at, overdue_by, job_state, job_error from reservation_overdue;

-- What moved one product last.
select id, delta_on_hand, delta_reserved, reason, actor, reference, at
from stock_ledger where sku = 'ESP-CAPACHO-32' order by id desc limit 20;
