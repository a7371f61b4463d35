-- Refused by the constraint once something was returned: the ledger is append-only, and the older release cannot read it.
alter table stock_ledger drop constraint stock_ledger_kind_check;
alter table stock_ledger add constraint stock_ledger_kind_check
    check (kind in ('adjusted', 'reserved', 'committed', 'released', 'expired'));

alter table reservation_order drop column closed_at;
