drop view saga_history_gap, saga_contradiction, order_account;
