import Composition
import Postgres

extension SystemCheck {
    static let stockArithmetic = SystemCheck(
        name: "stock-arithmetic",
        promise: "each shelf's counters are what its book and the active reservations come to",
        queries: [CheckQuery(.inventory, "select * from stock_drift")],
        look: .rows(
            [.inventory],
            """
            select sku,
                   'on hand ' || on_hand || ', by the book ' || ledger_on_hand || '; reserved ' || reserved
                       || ', by the book ' || ledger_reserved || ', by reservations ' || held_by_reservations,
                   count(*) over ()
            from stock_drift
            limit $1::bigint
            """))
}
