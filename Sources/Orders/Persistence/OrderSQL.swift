import Postgres

/// The orders' statements.
enum OrderSQL {
    /// A whole new order: the request's key, the order, its lines, its saga and the first row of its history. With the
    /// deadline's job and the event it is one round trip.
    static let place: Statement = """
        with key as (
            insert into idempotency_key (scope, key, request_hash, status, response)
            values ($1::text, $2::text, $3::bytea, $4::int, $5::json)
        ), placed as (
            insert into orders (id, customer_id, status, currency, total_minor, payment_method, created_at, updated_at)
            values ($6::uuid, $7::text, 'PENDING', $8::text, $9::bigint, $10::text, $11::timestamptz, $11::timestamptz)
        ), lines as (
            insert into order_line (order_id, line_no, sku, artisan_id, title, quantity, unit_price_minor)
            select $6::uuid, l.line_no, l.sku, l.artisan_id, l.title, l.quantity, l.unit_price_minor
            from unnest($12::text[], $13::text[], $14::text[], $15::int[], $16::bigint[])
                with ordinality as l (sku, artisan_id, title, quantity, unit_price_minor, line_no)
        ), started as (
            insert into saga (id, order_id, definition_version, state, data, seq, deadline, total_deadline)
            values ($17::uuid, $6::uuid, $18::int, $19::text, $20::json, 1, now() + $21::bigint * interval '1 microsecond',
                now() + $22::bigint * interval '1 microsecond')
        )
        insert into saga_history (saga_id, seq, event, to_state, order_status, verdict, actions)
        values ($17::uuid, 1, 'order.placed', $19::text, 'PENDING', 'applied', $23::json)
        """

    static let find: Statement = """
        select o.id, s.id, o.customer_id, o.status, s.state, o.reason, o.currency, o.total_minor, o.payment_method,
               o.created_at, o.updated_at
        from orders o
        join saga s on s.order_id = o.id
        where o.id = $1::uuid
        """

    static let lines: Statement = """
        select sku, title, quantity, unit_price_minor
        from order_line
        where order_id = $1::uuid
        order by line_no
        """

    /// Newest first. Ids are version 7 UUIDs, so their order is that of time. Whether the customer is given decides the
    /// index, so each has a statement of its own.
    static let listOfCustomer: Statement = """
        select o.id, s.id, o.customer_id, o.status, s.state, o.reason, o.currency, o.total_minor, o.created_at, o.updated_at
        from orders o
        join saga s on s.order_id = o.id
        where o.customer_id = $1::text
          and ($2::text[] is null or o.status = any($2::text[]))
          and ($3::timestamptz is null or o.created_at >= $3::timestamptz)
          and ($4::timestamptz is null or o.created_at < $4::timestamptz)
          and ($5::uuid is null or o.id < $5::uuid)
        order by o.id desc
        limit $6::bigint
        """

    static let listOfAll: Statement = """
        select o.id, s.id, o.customer_id, o.status, s.state, o.reason, o.currency, o.total_minor, o.created_at, o.updated_at
        from orders o
        join saga s on s.order_id = o.id
        where ($1::text[] is null or o.status = any($1::text[]))
          and ($2::timestamptz is null or o.created_at >= $2::timestamptz)
          and ($3::timestamptz is null or o.created_at < $3::timestamptz)
          and ($4::uuid is null or o.id < $4::uuid)
        order by o.id desc
        limit $5::bigint
        """

    static let owner: Statement = """
        select customer_id from orders where id = $1::uuid
        """

    static let all = [place, find, lines, listOfCustomer, listOfAll, owner]
}
