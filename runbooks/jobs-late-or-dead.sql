-- Jobs are late or dead
-- databases: orders, payments, inventory

select kind, count(*) as late, max(late_by) as most from job_late group by kind order by most desc;
select id, kind, unique_key, attempt, updated_at, left(last_error, 200) as error from job_dead limit 50;

-- What is scheduled, by kind.
select kind, count(*) as jobs, min(run_at) as next from scheduled_job where state = 'scheduled' group by kind order by kind;
