import Postgres

/// What the load asks the order service's database: one question for many orders, instead of a request for each.
enum LoadSQL {
    /// Of these orders those that have ended, with the moment at which they first did.
    static let ended: Statement = """
        select o.id, o.status, o.reason,
               (select min(h.at) from saga s join saga_history h on h.saga_id = s.id
                where s.order_id = o.id and h.order_status <> 'PENDING')
        from orders o
        where o.id = any ($1::uuid[]) and o.status <> 'PENDING'
        """

    static let clock: Statement = "select clock_timestamp()"

    /// How long after it was placed an order got so far: the ranks over these orders, in milliseconds, in the order in
    /// which they come.
    static let stages: Statement = """
        select h.event, count(*), percentile_cont(0.5) within group (order by h.after_ms),
               percentile_cont(0.95) within group (order by h.after_ms)
        from (
            select h.event, extract(epoch from min(h.at) - o.created_at)::float8 * 1000 as after_ms
            from orders o
            join saga s on s.order_id = o.id
            join saga_history h on h.saga_id = s.id
            where o.id = any ($1::uuid[])
            group by h.event, o.id
        ) h
        group by h.event
        order by 3
        """

    static let all = [ended, clock, stages]
}
