import Postgres

/// The jobs' statements. Database time rules: `now()`.
enum JobSQL {
    static let schedule: Statement = """
        insert into scheduled_job (kind, unique_key, run_at, payload)
        select n.kind, n.unique_key, coalesce(n.run_at, now() + n.delay * interval '1 microsecond'), n.payload
        from unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::json[])
            as n (kind, unique_key, run_at, delay, payload)
        on conflict (kind, unique_key) do update
        set run_at = excluded.run_at, payload = excluded.payload, state = 'scheduled', attempt = 0, last_error = null,
            updated_at = now()
        """

    /// Does not lock a job that is there and well: that would leave the mark by which ``claim`` knows a lost worker.
    static let ensure: Statement = """
        with revived as (
            update scheduled_job set state = 'scheduled', attempt = 0, updated_at = now()
            where kind = $1::text and unique_key = $2::text and state = 'dead'
        )
        insert into scheduled_job (kind, unique_key, run_at, payload)
        values ($1::text, $2::text, now() + $3::bigint * interval '1 microsecond', $4::json)
        on conflict (kind, unique_key) do nothing
        """

    static let cancel: Statement = """
        delete from scheduled_job where kind = $1::text and unique_key = any($2::text[])
        """

    /// Sent before a statement that finds jobs by the time at which they are due: whatever the statistics say, it is to
    /// read by the index, in the index's order. A queue is often empty when it is analysed, and then reading all of it
    /// and sorting seems best: with a backlog each claim would read the whole backlog. To the end of the transaction, or
    /// until ``planFreely``.
    static let planByIndex: Statement = """
        select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
               set_config('enable_sort', 'off', true)
        """

    static let planFreely: Statement = """
        select set_config('enable_seqscan', 'on', true), set_config('enable_bitmapscan', 'on', true),
               set_config('enable_sort', 'on', true)
        """

    /// The jobs that are due: a batch of those that have never failed, or one that has, alone, so that it can take
    /// no other down with it.
    ///
    /// The last column says that an earlier claim ended without a word, because its process died: row locks are kept in
    /// the row itself, and a lock leaves its transaction's id there (`xmax`) until the row's next version. Only one that
    /// was rolled back tells of a death: a claim that came too late locks the row too, sees that it is not due any more,
    /// and commits.
    /// Source: https://www.postgresql.org/docs/current/ddl-system-columns.html
    static let claim: Statement = """
        with first as materialized (
            select id, attempt, case when xmax <> 0 then xact_was_aborted(xmax) else false end as is_lost
            from scheduled_job
            where kind = $1::text and state = 'scheduled' and run_at <= now()
            order by run_at, id
            limit 1
            for update skip locked
        )
        select j.id, j.unique_key, j.run_at, j.attempt, j.payload, case when j.id = f.id then f.is_lost else j.is_lost end
        from first f
        cross join lateral (
            select s.id, s.unique_key, s.run_at, s.attempt, s.payload,
                   case when s.xmax <> 0 then xact_was_aborted(s.xmax) else false end as is_lost
            from scheduled_job s
            where s.kind = $1::text and s.state = 'scheduled' and s.run_at <= now()
              and case when f.attempt = 0 then s.attempt = 0 else s.id = f.id end
            order by s.run_at, s.id
            limit $2::bigint
            for update skip locked) as j
        """

    /// A new version of the rows, without the mark of a claim that was given up for no fault of the jobs'.
    static let unmark: Statement = """
        update scheduled_job set updated_at = now() where id = any ($1::bigint[])
        """

    /// A backend that was ended tells its client before it lets go of its locks; whoever else has the job by now may
    /// keep it for long.
    static let waitBriefly: Statement = "select set_config('lock_timeout', '2s', true)"

    /// One job of a batch that failed as a whole.
    static let claimOne: Statement = """
        select id, unique_key, run_at, attempt, payload, false
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

    /// Whether a job of the kind is due, and the microseconds until the next one will be; null when there is none.
    static let look: Statement = """
        select exists (
                   select from scheduled_job where kind = $1::text and state = 'scheduled' and run_at <= now()),
               (select (extract(epoch from min(run_at) - now()) * 1000000)::bigint
                from scheduled_job
                where kind = $1::text and state = 'scheduled' and run_at > now())
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

    static let all = [
        schedule, ensure, cancel, planByIndex, planFreely, claim, unmark, waitBriefly, claimOne, finish, again, fail,
        look, list, retry,
    ]
}
