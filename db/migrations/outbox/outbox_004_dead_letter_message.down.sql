-- Of several messages at one place the last one stays; where two are open, neither may be lost, and this fails.
delete from dead_letter d
where d.state = 'resolved'
  and exists (
      select from dead_letter o
      where o.consumer = d.consumer and o.stream = d.stream and o.stream_sequence = d.stream_sequence
        and (o.state <> 'resolved' or o.id > d.id));
alter table dead_letter
    add constraint dead_letter_consumer_stream_stream_sequence_key unique (consumer, stream, stream_sequence);
drop index dead_letter_message;
