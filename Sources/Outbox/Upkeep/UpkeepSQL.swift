import Postgres

/// What keeps a service's own tables small.
enum UpkeepSQL {
    /// Attaching or dropping a partition needs the parent's lock for a moment. Rather try again later than make the
    /// writers queue behind a long transaction.
    static let lockTimeout: Statement = "select set_config('lock_timeout', '2s', true)"
    static let createOutboxPartitions: Statement = "select outbox_create_partitions(4)"
    static let createInboxPartitions: Statement = "select inbox_create_partitions(7)"
    static let dropOutboxPartitions: Statement = """
        select outbox_drop_partitions($1::bigint * interval '1 microsecond')
        """
    static let dropInboxPartitions: Statement = """
        select inbox_drop_partitions($1::bigint * interval '1 microsecond')
        """
    static let purgeIdempotencyKeys: Statement = """
        delete from idempotency_key
        where ctid = any (array(
            select ctid from idempotency_key
            where created_at < now() - $1::bigint * interval '1 microsecond'
            limit 10000))
        """

    static let all = [
        lockTimeout, createOutboxPartitions, createInboxPartitions, dropOutboxPartitions, dropInboxPartitions,
        purgeIdempotencyKeys,
    ]
}
