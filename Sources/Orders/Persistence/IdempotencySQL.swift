import Postgres

/// Looking up what was answered to a request's key.
enum IdempotencySQL {
    /// Always one row: the database's time, and the answer if there is one.
    static let find: Statement = """
        select now(), k.request_hash, k.response
        from (values (1)) as one (row)
        left join idempotency_key k on k.scope = $1::text and k.key = $2::text
        """

    static let all = [find]
}
