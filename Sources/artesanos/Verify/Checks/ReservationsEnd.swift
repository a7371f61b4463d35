import Composition
import Postgres

extension SystemCheck {
    static let reservationsEnd = SystemCheck(
        name: "reservations-end", promise: "no reservation is held past its end for longer than a minute",
        queries: [CheckQuery(.inventory, "select * from reservation_overdue")],
        look: .rows(
            [.inventory],
            """
            select id::text,
                   'ended at ' || expires_at || ', job ' || coalesce(job_state, 'missing')
                       || coalesce(': ' || left(job_error, 200), ''),
                   count(*) over ()
            from reservation_overdue
            where overdue_by > interval '1 minute'
            limit $1::bigint
            """))
}
