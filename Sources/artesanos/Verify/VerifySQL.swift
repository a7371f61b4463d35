import Postgres

/// What `artesanos verify` reads, beside the statements of its checks.
enum VerifySQL {
    // MARK: Orders, by id

    /// At most `$3` of them; null: all.
    static let orders: Statement = """
        select order_id, status, total_minor, currency, settled_at is not null,
               coalesce(skus, '{}'), coalesce(quantities, '{}')
        from order_account
        where order_id > $1::uuid and order_id <= $2::uuid
        order by order_id
        limit $3::bigint
        """

    static let payments: Statement = """
        select order_id, status, amount_minor, currency, received_minor, refunded_minor, order_refunds, intents
        from payment_account
        where order_id > $1::uuid and order_id <= $2::uuid
        order by order_id
        """

    static let reservations: Statement = """
        select order_id, reservation_id, status, coalesce(skus, '{}'), coalesce(quantities, '{}')
        from stock_account
        where order_id > $1::uuid and order_id <= $2::uuid
        order by order_id, attempt
        """

    // MARK: Events of orders

    /// An order's events have its id, in lower case.
    static let eventsOfOrders: Statement = """
        select aggregate_id::uuid, event_id, subject from outbox where aggregate_id = any ($1::text[])
        """

    /// Of these events those that the consumer has not had, nor put aside.
    static let unapplied: Statement = """
        select e.id
        from unnest($2::uuid[]) as e (id)
        where not exists (select from inbox i where i.consumer = $1::text and i.event_id = e.id)
          and not exists (select from dead_letter d where d.consumer = $1::text and d.event_id = e.id)
        """

    // MARK: A ledger beside an inbox, sorted by Postgres and read page by page

    static let openLedger: Statement = """
        declare verify_ledger no scroll cursor for select event_id, position, subject from outbox order by event_id
        """

    static let readLedger: Statement = "fetch forward 5000 from verify_ledger"

    static let openInbox: Statement = """
        declare verify_inbox no scroll cursor for
        select event_id from inbox where consumer = $1::text order by event_id
        """

    static let readInbox: Statement = "fetch forward 5000 from verify_inbox"

    /// No event of the ledger is older: what an inbox has from before is from dropped partitions.
    static let ledgerFloor: Statement = """
        select uuid_v7_floor(occurred_at) from outbox order by position limit 1
        """

    /// Of these events those that were put aside.
    static let putAside: Statement = """
        select event_id from dead_letter where consumer = $1::text and event_id = any ($2::uuid[])
        """

    /// Of these positions those that no stream takes.
    static let notRelayed: Statement = """
        select stream_sequence from dead_letter
        where consumer = 'relay' and stream = $1::text and stream_sequence = any ($2::bigint[])
        """

    // MARK: What is on its way

    static let backlog: Statement = """
        select (select count(*) from outbox_pending),
               (select count(*) from scheduled_job where state = 'scheduled' and run_at <= now())
        """

    /// Those that every database can prepare; cursors are opened and read by the protocol only.
    static let common = [eventsOfOrders, unapplied, ledgerFloor, putAside, notRelayed, backlog]
}
