import Postgres

/// What keeps a service's own tables small. Each is a transaction of its own.
enum UpkeepSQL {
    static let createOutboxPartitions: Statement = "select outbox_create_partitions(4)"
    static let createInboxPartitions: Statement = "select inbox_create_partitions(7)"

    /// The partition that was dropped, the oldest; null when none is due, or when a transaction is in the way.
    static let dropOutboxPartition: Statement = """
        select outbox_drop_partition($1::bigint * interval '1 microsecond')
        """

    static let dropInboxPartition: Statement = """
        select inbox_drop_partition($1::bigint * interval '1 microsecond')
        """

    /// What fell into no day's partition: ids older than the oldest, or not of version 7.
    static let purgeInboxDefault: Statement = """
        delete from inbox_default
        where ctid = any (array(
            select ctid from inbox_default
            where processed_at < now() - $1::bigint * interval '1 microsecond'
            limit 10000))
        """

    static let purgeIdempotencyKeys: Statement = """
        delete from idempotency_key
        where ctid = any (array(
            select ctid from idempotency_key
            where created_at < now() - $1::bigint * interval '1 microsecond'
            limit 10000))
        """

    /// What ``UpkeepGauges`` shows: partitions ahead of ledger and inbox, those that should be gone, and the age of the
    /// oldest event in seconds (null in an empty ledger).
    static let gauges: Statement = """
        select (select count(*) from outbox_partition where is_ahead),
               (select count(*) from inbox_partition where is_ahead),
               (select count(*) from outbox_partitions_due($1::bigint * interval '1 microsecond')),
               (select extract(epoch from now() - oldest_at)::float8 from outbox_extent)
        """

    static let all = [
        createOutboxPartitions, createInboxPartitions, dropOutboxPartition, dropInboxPartition, purgeInboxDefault,
        purgeIdempotencyKeys, gauges,
    ]
}
