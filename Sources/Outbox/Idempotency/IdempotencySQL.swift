import Postgres

/// What was answered to requests with an Idempotency-Key.
enum IdempotencySQL {
    /// Held until the transaction ends, so that a second request of the same key at the same time is told so.
    static let tryLock: Statement = """
        select pg_try_advisory_xact_lock(hashtextextended($1::text || ' ' || $2::text, 0))
        """

    /// Always one row: the database's time, and the answer if there is one.
    static let find: Statement = """
        select now(), k.request_hash, k.status, k.response
        from (values (1)) as one (row)
        left join idempotency_key k on k.scope = $1::text and k.key = $2::text
        """

    static let insert: Statement = """
        insert into idempotency_key (scope, key, request_hash, status, response)
        values ($1::text, $2::text, $3::bytea, $4::integer, $5::json)
        """

    static let all = [tryLock, find, insert]
}
