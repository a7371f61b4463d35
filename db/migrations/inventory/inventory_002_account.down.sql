drop view reservation_drift, stock_account;
