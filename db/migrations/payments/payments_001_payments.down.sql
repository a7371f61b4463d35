drop view refund_unfinished, payment_attention, payment_unfinished;
drop table stripe_event_cursor, payment_history, webhook_event, payment_failure, stripe_call, refund, payment;
