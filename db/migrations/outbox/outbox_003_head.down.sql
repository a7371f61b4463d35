drop function xact_was_aborted(xid);
drop function outbox_position_at(timestamptz);
alter table outbox_cursor drop column first_sequence;
