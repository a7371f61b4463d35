drop view reservation_overdue, stock_drift, reservation_tombstone;
drop table stock_ledger, reservation_line, reservation, reservation_order, stock, product;
drop function stock_ledger_is_append_only;
