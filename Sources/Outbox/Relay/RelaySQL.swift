import Postgres

/// The relay's statements.
enum RelaySQL {
    static let read: Statement = """
        select position, subject, event, traceparent
        from outbox
        where position > $1::bigint
        order by position
        limit $2::bigint
        """

    static let readWithTimes: Statement = """
        select position, subject, event, traceparent, occurred_at
        from outbox
        where position > $1::bigint
        order by position
        limit $2::bigint
        """

    /// Who holds the lock that a transaction takes before it is given a position. A prepared transaction has no pid.
    static let holders: Statement = """
        select l.virtualtransaction
        from pg_locks l
        where l.locktype = 'relation' and l.relation = 'outbox'::regclass
          and l.database = (select oid from pg_database where datname = current_database())
          and l.mode = 'RowExclusiveLock' and l.granted
          and l.pid is distinct from pg_backend_pid()
        """

    /// The transaction that the relay has waited for longest, for the log.
    static let stall: Statement = """
        select coalesce(pid, 0)::int, coalesce(application_name, prepared_gid, ''),
               coalesce(extract(epoch from age), 0)::float8
        from outbox_stall
        limit 1
        """

    static let cursor: Statement = """
        select position, stream_sequence, epoch, first_sequence from outbox_cursor where stream = $1::text
        """

    /// A higher epoch wins over a higher position: after a rewind the cursor goes back. A relay that was fenced off
    /// long ago cannot move it back within one epoch.
    static let saveCursor: Statement = """
        insert into outbox_cursor as c (stream, position, stream_sequence, epoch, first_sequence, updated_at)
        values ($1::text, $2::bigint, $3::bigint, $4::int, $5::bigint, now())
        on conflict (stream) do update
        set position = excluded.position, stream_sequence = excluded.stream_sequence, epoch = excluded.epoch,
            first_sequence = excluded.first_sequence, updated_at = now()
        where excluded.epoch > c.epoch or (excluded.epoch = c.epoch and excluded.position >= c.position)
        """

    /// The position of the row that is so many relayed rows after the cursor. A row that no stream takes has no
    /// sequence, so it does not count.
    static let positionAfter: Statement = """
        select o.position
        from outbox o
        where o.position > $1::bigint
          and not exists (
              select from dead_letter d
              where d.consumer = 'relay' and d.stream = $3::text and d.stream_sequence = o.position)
        order by o.position
        offset $2::bigint - 1
        limit 1
        """

    /// The position of the row that is so many relayed rows before the cursor.
    static let positionBefore: Statement = """
        select o.position
        from outbox o
        where o.position <= $1::bigint
          and not exists (
              select from dead_letter d
              where d.consumer = 'relay' and d.stream = $3::text and d.stream_sequence = o.position)
        order by o.position desc
        offset $2::bigint
        limit 1
        """

    static let hasEvent: Statement = """
        select exists (
            select from outbox where position = $1::bigint and convert_to(event::text, 'UTF8') = $2::bytea)
        """

    /// The position before the one to copy again from, if any of the rows just before $1 is younger than the stream
    /// keeps messages ($2 microseconds; null: for ever): it cannot have aged out. A message is never older than its
    /// row; what two clocks may differ by is left out at the edge. Several rows, because a row's time is that of its
    /// transaction's begin.
    static let refillStart: Statement = """
        select greatest(
                   case when $2::bigint is null then outbox_first_position()
                        else outbox_position_at(now() - $2::bigint * interval '1 microsecond') end - 1, 0)
        where exists (
            select
            from (select o.occurred_at
                  from outbox o
                  where o.position < $1::bigint
                    and not exists (
                        select from dead_letter d
                        where d.consumer = 'relay' and d.stream = $3::text and d.stream_sequence = o.position)
                  order by o.position desc
                  limit 100) as gone
            where $2::bigint is null
               or gone.occurred_at
                  > now() - $2::bigint * interval '1 microsecond'
                    + least($2::bigint / 4 * interval '1 microsecond', interval '1 minute'))
        """

    static let skipped: Statement = """
        select stream_sequence from dead_letter
        where consumer = 'relay' and stream = $1::text and stream_sequence > $2::bigint
        """

    static let deadLetter: Statement = """
        insert into dead_letter
            (consumer, event_id, event_type, aggregate_id, stream, stream_sequence, payload, traceparent, error, attempts)
        select 'relay', o.event_id, o.subject, o.aggregate_id, $2::text, o.position,
               convert_to(o.event::text, 'UTF8'), o.traceparent, $3::text, 1
        from outbox o
        where o.position = $1::bigint
        on conflict (consumer, stream, stream_sequence, sha256(payload)) do nothing
        """

    /// Rows behind the cursor, and the age of the oldest in seconds; bounded, so that a backlog of millions costs no
    /// more than a look.
    static let lag: Statement = """
        select (select last_value from outbox_position_seq) - $1::bigint,
               coalesce((select extract(epoch from now() - occurred_at)::float8
                         from outbox where position > $1::bigint order by position limit 1), 0)
        """

    /// Where the ledger begins: what lay before was dropped.
    static let firstPosition: Statement = "select outbox_first_position()"

    static let all = [
        read, readWithTimes, holders, stall, cursor, saveCursor, positionAfter, positionBefore, hasEvent, refillStart,
        skipped, deadLetter, lag,
        firstPosition,
    ]
}
