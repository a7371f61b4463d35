-- A refund failed
-- databases: payments

-- Money that was to go back and did not, longest first.
select id, order_id, payment_id, amount_minor, currency, failure_code, origin, reason, stripe_refund_id, since
from refund_unresolved;

-- The last refunds, with how the failed ones were dealt with.
select id, payment_id, amount_minor, currency, status, origin, failure_code, resolution, resolved_by, resolution_note
from refund order by updated_at desc limit 20;
