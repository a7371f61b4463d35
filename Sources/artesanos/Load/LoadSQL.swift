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

    static let all = [ended, clock]
}
