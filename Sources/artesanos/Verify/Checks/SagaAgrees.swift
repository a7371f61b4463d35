import Composition
import Postgres

extension SystemCheck {
    static let sagaAgrees = SystemCheck(
        name: "saga-agrees", promise: "each order has a saga, whose state fits the order's status",
        queries: [CheckQuery(.orders, "select * from saga_contradiction")],
        look: .rows(
            [.orders],
            """
            select order_id::text, status || ', and its saga ' || coalesce(state, 'is missing'), count(*) over ()
            from saga_contradiction
            limit $1::bigint
            """))
}
