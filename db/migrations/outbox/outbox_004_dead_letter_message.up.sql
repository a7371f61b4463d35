-- A dead letter is a message, not a place in a stream: a stream that was made anew counts from 1 again, and what is put
-- aside there must not pass for what was resolved at the same place of the old one. A message that comes twice is the same
-- bytes at the same place.

create unique index dead_letter_message on dead_letter (consumer, stream, stream_sequence, sha256(payload));
alter table dead_letter drop constraint dead_letter_consumer_stream_stream_sequence_key;
