import Composition
import Postgres

extension SystemCheck {
    static let paymentArithmetic = SystemCheck(
        name: "payment-arithmetic",
        promise: "what a payment says of its refunds is their sum, and what succeeded was received",
        queries: [CheckQuery(.payments, "select * from payment_drift")],
        look: .rows(
            [.payments],
            """
            select order_id::text,
                   status || ': received ' || received_minor || ', refunded ' || refunded_minor || ', by its refunds '
                       || taken_minor,
                   count(*) over ()
            from payment_drift
            limit $1::bigint
            """))
}
