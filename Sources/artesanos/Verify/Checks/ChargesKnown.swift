import Composition
import Postgres

extension SystemCheck {
    static let chargesKnown = SystemCheck(
        name: "charges-known", promise: "what Stripe says that it charged is an order's payment, once",
        queries: [
            CheckQuery(
                .payments,
                """
                select * from webhook_event
                where type = 'payment_intent.succeeded' and state in ('pending', 'failed')
                """),
            CheckQuery(.payments, "select * from payment_attention where why = 'second_charge'"),
        ],
        look: .rows(
            [.payments],
            """
            select key, what, count(*) over ()
            from (
                select e.payment_intent_id as key, 'charged, and no payment knows it: event ' || e.id as what
                from webhook_event e
                where e.type = 'payment_intent.succeeded' and e.state in ('pending', 'failed')
                  and e.received_at < now() - interval '5 minutes'
                  and not exists (
                      select from payment p
                      where p.payment_intent_id = e.payment_intent_id and e.state = 'pending')
                union all
                select order_id::text, 'charged through another one beside ' || coalesce(payment_intent_id, 'none')
                from payment
                where alert = 'second_charge'
            ) as found
            order by key
            limit $1::bigint
            """))
}
