import Postgres

/// The jobs' statements. Database time rules: `now()`.
enum JobSQL {
    static let schedule: Statement = """
        insert into scheduled_job (kind, unique_key, run_at, payload)
        values ($1::text, $2::text, coalesce($3::timestamptz, now() + $4::bigint * interval '1 microsecond'), $5::json)
        on conflict (kind, unique_key) do update
        set run_at = excluded.run_at, payload = excluded.payload, state = 'scheduled', attempt = 0, last_error = null,
            updated_at = now()
        """

    static let ensure: Statement = """
        insert into scheduled_job (kind, unique_key, run_at, payload)
        values ($1::text, $2::text, now() + $3::bigint * interval '1 microsecond', $4::json)
        on conflict (kind, unique_key) do update
        set state = 'scheduled', attempt = 0, updated_at = now()
        where scheduled_job.state = 'dead'
        """

    static let cancel: Statement = """
        delete from scheduled_job where kind = $1::text and unique_key = $2::text
        """

    static let claim: Statement = """
        select id, unique_key, run_at, attempt, payload
        from scheduled_job
        where kind = $1::text and state = 'scheduled' and run_at <= now()
        order by run_at, id
        limit $2::bigint
        for update skip locked
        """

    /// One job of a batch that failed as a whole.
    static let claimOne: Statement = """
        select id, unique_key, run_at, attempt, payload
        from scheduled_job
        where id = $1::bigint and state = 'scheduled' and run_at <= now()
        for update skip locked
        """

    static let finish: Statement = """
        delete from scheduled_job where id = any($1::bigint[])
        """

    static let again: Statement = """
        update scheduled_job
        set run_at = now() + $2::bigint * interval '1 microsecond', attempt = 0, last_error = null, updated_at = now()
        where id = any($1::bigint[])
        """

    static let fail: Statement = """
        update scheduled_job
        set attempt = attempt + 1, last_error = $2::text, updated_at = now(),
            run_at = now() + $3::bigint * interval '1 microsecond',
            state = case when $4::boolean then 'dead' else 'scheduled' end
        where id = $1::bigint
        """

    /// Microseconds until the next job of the kind is due; null when there is none.
    static let nextDue: Statement = """
        select (extract(epoch from min(run_at) - clock_timestamp()) * 1000000)::bigint
        from scheduled_job
        where kind = $1::text and state = 'scheduled'
        """

    static let list: Statement = """
        select id, kind, unique_key, run_at, state, attempt, last_error
        from scheduled_job
        where ($1::text is null or kind = $1::text) and ($2::text is null or state = $2::text)
        order by run_at
        limit $3::bigint
        """

    static let retry: Statement = """
        update scheduled_job set state = 'scheduled', attempt = 0, run_at = now(), updated_at = now()
        where id = $1::bigint and state = 'dead'
        """

    static let all = [schedule, ensure, cancel, claim, claimOne, finish, again, fail, nextDue, list, retry]
}
