import Composition
import Postgres

/// A way to break exactly one invariant by hand, and to mend it.
struct VerifyBreak: Sendable {
    let check: String
    let service: ServiceName
    /// Each changes one row at least.
    let harm: [Statement]
    let repair: [Statement]

    /// The orders that the tests place: one confirmed, one declined, one that waits for its customer.
    static let all = [
        VerifyBreak(
            check: "stream-is-ledger", service: .orders,
            harm: [
                "create table spare as select * from outbox order by position offset 1 limit 1",
                "delete from outbox where position = (select position from spare)",
            ], repair: ["insert into outbox select * from spare", "drop table spare"]),
        VerifyBreak(
            check: "events-applied", service: .inventory,
            harm: [
                "create table spare as select * from inbox where consumer = 'inventory-orders' limit 1",
                "delete from inbox where consumer = 'inventory-orders' and event_id = (select event_id from spare)",
            ], repair: ["insert into inbox select * from spare", "drop table spare"]),
        VerifyBreak(
            check: "applied-known", service: .payments,
            harm: [
                """
                insert into inbox (consumer, event_id)
                values ('payments-inventory', overlay(uuid_v7_floor(now())::text placing '7abc-8abc-abcdef123456' from 15)::uuid)
                """
            ], repair: ["delete from inbox where event_id::text like '%-7abc-8abc-abcdef123456'"]),
        VerifyBreak(
            check: "dead-letters", service: .payments,
            harm: [
                """
                insert into dead_letter
                    (consumer, event_type, aggregate_id, stream, stream_sequence, payload, error, attempts)
                values ('payments-orders', 'order.created.v1', 'x', 'orders', 99, '', 'by hand', 5)
                """
            ], repair: ["delete from dead_letter where error = 'by hand'"]),
        VerifyBreak(
            check: "saga-agrees", service: .orders,
            harm: ["update orders set status = 'PENDING' where status = 'CONFIRMED'"],
            repair: ["update orders set status = 'CONFIRMED' where status = 'PENDING' and payment_method is not null"]),
        VerifyBreak(
            check: "saga-history", service: .orders,
            harm: [
                "create table spare as select * from saga_history where seq = 2 limit 1",
                "delete from saga_history where (saga_id, seq) in (select saga_id, seq from spare)",
            ], repair: ["insert into saga_history select * from spare", "drop table spare"]),
        VerifyBreak(
            check: "saga-wakes", service: .orders,
            harm: ["update scheduled_job set unique_key = 'gone ' || unique_key where kind = 'saga.deadline'"],
            repair: [
                "update scheduled_job set unique_key = replace(unique_key, 'gone ', '') where kind = 'saga.deadline'"
            ]),
        VerifyBreak(
            check: "illegal-events", service: .orders,
            harm: ["update saga_history set verdict = 'illegal', note = 'by hand' where seq = 1"],
            repair: ["update saga_history set verdict = 'applied', note = null where seq = 1"]),
        VerifyBreak(
            check: "money", service: .payments,
            harm: [
                "update payment set amount_received_minor = 1 where status <> 'succeeded' and payment_method is not null"
            ],
            repair: ["update payment set amount_received_minor = 0 where status <> 'succeeded'"]),
        VerifyBreak(
            check: "amounts", service: .orders,
            harm: ["update orders set total_minor = total_minor + 1 where status = 'PENDING'"],
            repair: ["update orders set total_minor = total_minor - 1 where status = 'PENDING'"]),
        VerifyBreak(
            check: "one-intent", service: .payments,
            harm: [
                """
                insert into stripe_call (id, payment_id, kind, request_body, state, ended_at)
                select gen_random_uuid(), payment_id, kind, 'by hand', state, ended_at
                from stripe_call where kind = 'create' and state = 'succeeded'
                """
            ], repair: ["delete from stripe_call where request_body = 'by hand'"]),
        VerifyBreak(
            check: "charges-known", service: .payments,
            harm: [
                """
                insert into webhook_event
                    (id, type, payment_intent_id, payload, source, state, stripe_created_at, received_at)
                values ('evt_stray', 'payment_intent.succeeded', 'pi_stray', '{}', 'webhook', 'pending', now(),
                        now() - interval '6 minutes')
                """
            ], repair: ["delete from webhook_event where id = 'evt_stray'"]),
        VerifyBreak(
            check: "charges-known", service: .payments,
            harm: ["update payment set alert = 'second_charge' where status = 'succeeded'"],
            repair: ["update payment set alert = null where alert = 'second_charge'"]),
        VerifyBreak(
            check: "payment-arithmetic", service: .payments,
            harm: ["update payment set refunded_minor = 1 where status = 'succeeded'"],
            repair: ["update payment set refunded_minor = 0 where status = 'succeeded'"]),
        VerifyBreak(
            check: "stock", service: .inventory,
            harm: ["update reservation set status = 'released' where status = 'committed'"],
            repair: ["update reservation set status = 'committed' where status = 'released' and reason = 'confirmed'"]),
        VerifyBreak(
            check: "no-orphans", service: .inventory,
            harm: [
                """
                insert into reservation_order (order_id, saga_id)
                values ('ffffffff-0000-7000-8000-000000000000', gen_random_uuid())
                """,
                """
                insert into reservation (id, order_id, saga_id, attempt, status, ttl, expires_at, hold_until)
                select gen_random_uuid(), order_id, saga_id, 1, 'active', '1 hour', now() + interval '1 hour',
                       now() + interval '1 hour'
                from reservation_order where order_id = 'ffffffff-0000-7000-8000-000000000000'
                """,
            ],
            repair: [
                "delete from reservation where order_id = 'ffffffff-0000-7000-8000-000000000000'",
                "delete from reservation_order where order_id = 'ffffffff-0000-7000-8000-000000000000'",
            ]),
        VerifyBreak(
            check: "stock-arithmetic", service: .inventory,
            harm: ["update stock set on_hand = on_hand + 1 where sku = 'OLI-TABLA-45'"],
            repair: ["update stock set on_hand = on_hand - 1 where sku = 'OLI-TABLA-45'"]),
        VerifyBreak(
            check: "reservation-arithmetic", service: .inventory,
            harm: ["update reservation_line set quantity = quantity + 1"],
            repair: ["update reservation_line set quantity = quantity - 1"]),
        VerifyBreak(
            check: "reservations-end", service: .inventory,
            harm: ["update reservation set expires_at = expires_at - interval '1 day' where status = 'active'"],
            repair: ["update reservation set expires_at = expires_at + interval '1 day' where status = 'active'"]),
        VerifyBreak(
            check: "dead-jobs", service: .inventory,
            harm: [
                "insert into scheduled_job (kind, unique_key, state, last_error) values ('by hand', 'x', 'dead', 'no')"
            ],
            repair: ["delete from scheduled_job where kind = 'by hand'"]),
    ]
}
