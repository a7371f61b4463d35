import Composition
import Postgres

extension SystemCheck {
    static let reservationArithmetic = SystemCheck(
        name: "reservation-arithmetic", promise: "the book has of each reservation what became of it, once",
        queries: [CheckQuery(.inventory, "select * from reservation_drift")],
        look: .rows(
            [.inventory],
            """
            select reservation_id::text || ' ' || sku,
                   status || ' of ' || quantity || ', in the book on hand ' || ledger_on_hand || ', reserved '
                       || ledger_reserved,
                   count(*) over ()
            from reservation_drift
            limit $1::bigint
            """))
}
