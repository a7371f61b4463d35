import Postgres

/// Writing the ledger.
enum LedgerSQL {
    /// Rows keep the order of the arrays: `unnest … with ordinality` and the sort make `nextval` follow it.
    static let append: Statement = """
        insert into outbox (event_id, aggregate_type, aggregate_id, subject, event, traceparent)
        select e.event_id, e.aggregate_type, e.aggregate_id, e.subject, e.event::json, e.traceparent
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            with ordinality as e (event_id, aggregate_type, aggregate_id, subject, event, traceparent, number)
        order by e.number
        """

    /// The common case, without the arrays.
    static let appendOne: Statement = """
        insert into outbox (event_id, aggregate_type, aggregate_id, subject, event, traceparent)
        values ($1::uuid, $2::text, $3::text, $4::text, $5::json, $6::text)
        """

    /// The rows of these positions once more, behind all others, in their order.
    static let appendAgain: Statement = """
        insert into outbox (event_id, aggregate_type, aggregate_id, subject, event, traceparent)
        select event_id, aggregate_type, aggregate_id, subject, event, traceparent
        from outbox
        where position = any($1::bigint[])
        order by position
        returning position
        """

    /// An event's latest row. There is no index by event id; a version 7 id tells when it was made ($2; null looks
    /// through the whole ledger), and its row was written within hours of that, or again later.
    static let eventRow: Statement = """
        select position, event_id, subject, aggregate_id, occurred_at
        from outbox
        where event_id = $1::uuid
          and position >= coalesce(outbox_position_at($2::timestamptz - interval '1 hour'), 0)
        order by position desc
        limit 1
        """

    static let aggregateRows: Statement = """
        select position, event_id, subject, aggregate_id, occurred_at
        from outbox o
        where aggregate_id = $1::text
          and not exists (
              select from outbox later
              where later.aggregate_id = o.aggregate_id and later.position > o.position
                and later.event_id = o.event_id)
        order by position
        limit $2::bigint
        """

    static let rangeRows: Statement = """
        select position, event_id, subject, aggregate_id, occurred_at
        from outbox o
        where position between $1::bigint and $2::bigint
          and not exists (
              select from outbox later
              where later.aggregate_id = o.aggregate_id and later.position > o.position
                and later.position <= $2::bigint and later.event_id = o.event_id)
        order by position
        limit $3::bigint
        """

    static let all = [append, appendOne, appendAgain, eventRow, aggregateRows, rangeRows]
}
