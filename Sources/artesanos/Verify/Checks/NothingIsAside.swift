import Composition
import Postgres

extension SystemCheck {
    static let nothingIsAside = SystemCheck(
        name: "dead-letters", promise: "no event is put aside: dead-lettered, parked, or refused by its stream",
        queries: ServiceName.allCases.map { CheckQuery($0, "select * from dead_letter_pending") },
        look: .rows(
            ServiceName.allCases,
            """
            select id::text, consumer || ' ' || state || ': ' || event_type || ': ' || left(error, 200), count(*) over ()
            from dead_letter_pending
            limit $1::bigint
            """))
}
