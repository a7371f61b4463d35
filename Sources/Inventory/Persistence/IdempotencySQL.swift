import Postgres

/// Remembering what was answered to a request with an Idempotency-Key.
enum IdempotencySQL {
    /// Held until the transaction ends, so that a second request of the same key at the same time is told so.
    static let tryLock: Statement = """
        select pg_try_advisory_xact_lock(hashtextextended($1::text || ' ' || $2::text, 0))
        """

    static let find: Statement = """
        select request_hash, status, response from idempotency_key where scope = $1::text and key = $2::text
        """

    static let insert: Statement = """
        insert into idempotency_key (scope, key, request_hash, status, response)
        values ($1::text, $2::text, $3::bytea, $4::integer, $5::json)
        """

    static let all = [tryLock, find, insert]
}
