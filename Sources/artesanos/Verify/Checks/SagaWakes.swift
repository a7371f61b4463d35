import Composition
import Postgres

extension SystemCheck {
    static let sagaWakes = SystemCheck(
        name: "saga-wakes",
        promise: "each unsettled saga has a deadline ahead, or just passed, and a job that sees to it",
        queries: [CheckQuery(.orders, "select * from saga_stuck")],
        look: .rows(
            [.orders],
            """
            select order_id::text,
                   state || ' waits for ' || coalesce(waits_for, 'nothing') || ' until ' || deadline || ', job '
                       || coalesce(job_state || ' at ' || job_run_at, 'missing'),
                   count(*) over ()
            from saga_stuck
            limit $1::bigint
            """))
}
