import Postgres

/// The inbox's and the dead letters' statements.
enum InboxSQL {
    /// Takes the events that this consumer has not had: one statement for a whole batch.
    static let claim: Statement = """
        insert into inbox (consumer, event_id)
        select $1::text, e.id from unnest($2::uuid[]) as e (id) order by e.id
        on conflict (consumer, event_id) do nothing
        returning event_id
        """

    /// The same message delivered again is the same row, and one that was resolved stays so. Another message may have the
    /// same sequence: in a stream that was made anew.
    static let deadLetter: Statement = """
        insert into dead_letter
            (consumer, state, event_id, event_type, aggregate_id, stream, stream_sequence, payload, traceparent, error, attempts)
        values ($1::text, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::bigint, $8::bytea, $9::text, $10::text, $11::int)
        on conflict (consumer, stream, stream_sequence, sha256(payload)) do update
        set state = excluded.state, error = excluded.error, attempts = dead_letter.attempts + excluded.attempts,
            resolved_at = null
        where dead_letter.state <> 'resolved'
        """

    static let listDeadLetters: Statement = """
        select id, consumer, state, event_id, event_type, aggregate_id, stream, stream_sequence, attempts, created_at, error
        from dead_letter
        where state <> 'resolved' and ($1::text is null or consumer = $1::text)
        order by id
        limit $2::bigint
        """

    static let lockDeadLetter: Statement = """
        select consumer, stream, stream_sequence, payload, attempts
        from dead_letter
        where id = $1::bigint and state <> 'resolved'
        for update
        """

    static let resolveDeadLetter: Statement = """
        update dead_letter set state = 'resolved', resolved_at = now() where id = $1::bigint
        """

    /// A parked event was claimed when it was parked; a dead one never was.
    static let unclaim: Statement = """
        delete from inbox
        where consumer = $1::text and event_id = $2::uuid
          and exists (select from dead_letter where id = $3::bigint and state = 'parked')
        """

    static let failAgain: Statement = """
        update dead_letter set attempts = attempts + 1, error = $2::text where id = $1::bigint
        """

    static let all = [claim, deadLetter, listDeadLetters, lockDeadLetter, resolveDeadLetter, unclaim, failAgain]
}
