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

    static let all = [append, appendOne]
}
