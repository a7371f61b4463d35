drop table stock_drift_check;
