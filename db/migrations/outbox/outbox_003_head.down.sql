drop function outbox_position_at(timestamptz);
alter table outbox_cursor drop column first_sequence;
