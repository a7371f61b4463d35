drop view dead_letter_pending, job_dead, job_late, outbox_stall, outbox_pending;
drop table idempotency_key, scheduled_job, dead_letter, inbox, outbox_cursor, outbox;
drop function inbox_drop_partitions, inbox_create_partitions, uuid_v7_floor, outbox_drop_partitions, outbox_create_partitions;
