import Composition
import Postgres

extension SystemCheck {
    static let illegalEvents = SystemCheck(
        name: "illegal-events", promise: "no saga took an event that could not be",
        queries: [CheckQuery(.orders, "select * from saga_illegal_event")],
        look: .rows(
            [.orders],
            """
            select order_id::text, event || ' in ' || coalesce(state, '-') || ': ' || coalesce(note, ''), count(*) over ()
            from saga_illegal_event
            limit $1::bigint
            """))
}
