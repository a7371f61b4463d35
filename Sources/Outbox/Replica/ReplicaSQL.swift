import Postgres

/// Comparing a ledger with its stream, and mending the stream.
enum ReplicaSQL {
    /// What the stream has to have: from the first row that cannot have aged out ($2 microseconds; null: from the
    /// ledger's first) to the cursor, which is written behind what was stored. At the edge a minute is left out, as
    /// the relay does.
    static let range: Statement = """
        select greatest(
                   case when $2::bigint is null then outbox_first_position()
                        else outbox_position_at(
                            now() - $2::bigint * interval '1 microsecond'
                            + least($2::bigint / 4 * interval '1 microsecond', interval '1 minute')) end, 1),
               coalesce((select position from outbox_cursor where stream = $1::text), 0)
        """

    /// When the first row from a position on was made.
    static let madeAt: Statement = """
        select occurred_at from outbox where position >= $1::bigint order by position limit 1
        """

    static let rows: Statement = """
        select position, subject, event from outbox where position = any($1::bigint[])
        """

    /// Positions that no stream takes, or that were appended again because the stream lacks them.
    static let refused: Statement = """
        select stream_sequence from dead_letter where consumer = 'relay' and stream = $1::text
        """

    static let positions: Statement = """
        select position from outbox
        where position > $1::bigint and position <= $2::bigint
        order by position
        limit $3::bigint
        """

    /// Of these positions those whose event was appended again later.
    static let appendedAgain: Statement = """
        select f.position
        from outbox f
        where f.position = any($1::bigint[])
          and exists (
              select from outbox o
              where o.aggregate_id = f.aggregate_id and o.position > f.position and o.event_id = f.event_id)
        """

    /// That a position will never be in the stream, and which one stands for it: so verifying and refilling know.
    static let noteAppended: Statement = """
        insert into dead_letter
            (consumer, state, event_id, event_type, aggregate_id, stream, stream_sequence, payload, traceparent, error,
             attempts, resolved_at)
        select 'relay', 'resolved', o.event_id, o.subject, o.aggregate_id, $1::text, o.position,
               convert_to(o.event::text, 'UTF8'), o.traceparent, $3::text, 0, now()
        from outbox o
        where o.position = any($2::bigint[])
        on conflict (consumer, stream, stream_sequence, sha256(payload)) do nothing
        """

    static let all = [range, madeAt, rows, refused, positions, appendedAgain, noteAppended]
}
