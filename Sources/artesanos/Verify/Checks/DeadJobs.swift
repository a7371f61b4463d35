import Composition
import Postgres

extension SystemCheck {
    static let deadJobs = SystemCheck(
        name: "dead-jobs", promise: "no job has used up its tries",
        queries: ServiceName.allCases.map { CheckQuery($0, "select * from job_dead") },
        look: .rows(
            ServiceName.allCases,
            """
            select id::text, kind || coalesce(' ' || unique_key, '') || ': ' || left(coalesce(last_error, ''), 200),
                   count(*) over ()
            from job_dead
            limit $1::bigint
            """))
}
