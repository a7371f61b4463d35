-- Orders that are cancelled after they were sold: the pieces go back on the shelf, and nothing is sold for them any more.

alter table reservation_order add column closed_at timestamptz;   -- when the order was cancelled for good
comment on column reservation_order.closed_at is 'Set by an order.cancelled.v1 that nothing saves any more: a confirmation that comes after it sells nothing.';

alter table stock_ledger drop constraint stock_ledger_kind_check;
alter table stock_ledger add constraint stock_ledger_kind_check
    check (kind in ('adjusted', 'reserved', 'committed', 'released', 'expired', 'returned')) not valid;
alter table stock_ledger validate constraint stock_ledger_kind_check;
