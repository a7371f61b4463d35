import Composition
import Postgres

extension SystemCheck {
    static let sagaHistory = SystemCheck(
        name: "saga-history", promise: "each saga's history is whole",
        queries: [CheckQuery(.orders, "select * from saga_history_gap")],
        look: .rows(
            [.orders],
            """
            select order_id::text, steps || ' steps of ' || seq, count(*) over () from saga_history_gap limit $1::bigint
            """))
}
