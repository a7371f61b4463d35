drop view payment_drift, payment_account;
