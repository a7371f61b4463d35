import Postgres

/// What the relay's benchmark does to the ledger.
enum RelayBenchSQL {
    /// So many events, each of so many bytes, as the services write them.
    static let fill: Statement = """
        insert into outbox (event_id, aggregate_type, aggregate_id, subject, event, traceparent)
        select gen_random_uuid(), 'order', 'order-' || n % 1000, 'order.created.v1',
               ('{"specversion":"1.0","id":"' || gen_random_uuid() || '","source":"/artesanos/orders",'
                || '"type":"order.created.v1","subject":"order-' || n % 1000 || '","time":"2026-11-23T09:30:10.000Z",'
                || '"datacontenttype":"application/json","data":{"orderId":"' || gen_random_uuid()
                || '","total":{"amount":2500,"currency":"EUR"},"note":"' || repeat('x', $2::int - 310) || '"}}')::json,
               '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
        from generate_series(1, $1::bigint) n
        """

    /// The same, stamped with the time of the statement.
    static let append: Statement = """
        insert into outbox (event_id, aggregate_type, aggregate_id, subject, event, occurred_at)
        select gen_random_uuid(), 'order', 'order-' || n, 'order.created.v1',
               ('{"specversion":"1.0","id":"' || gen_random_uuid() || '","source":"/artesanos/orders",'
                || '"type":"order.created.v1","subject":"order-' || n || '","time":"2026-11-23T09:30:10.000Z",'
                || '"datacontenttype":"application/json","data":{"note":"' || repeat('x', 190) || '"}}')::json,
               clock_timestamp()
        from generate_series(1, $1::bigint) n
        """

    static let event: Statement = "select event from outbox where position = $1::bigint"

    static let anchor: Statement = """
        insert into outbox_cursor (stream, position, stream_sequence, first_sequence)
        values ($1::text, $2::bigint, $3::bigint, $3::bigint)
        """

    static let stamps: Statement = "select extract(epoch from occurred_at)::float8 from outbox order by position"

    static let partitions: Statement = "select outbox_create_partitions($1::int)"

    static let lastPosition: Statement = "select coalesce(max(position), 0) from outbox"

    /// CPU's owner: the session that reads the ledger.
    static let relaySession: Statement = """
        select pid from pg_stat_activity where application_name = $1::text order by backend_start desc limit 1
        """

    /// A session outlives its client for a moment, and could still write the cursor.
    static let endRelays: Statement = """
        select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1::text
        """

    static let empty = "truncate outbox, outbox_cursor, dead_letter; alter sequence outbox_position_seq restart"

    static let forgetCursor: Statement = "truncate outbox_cursor, dead_letter"
}
