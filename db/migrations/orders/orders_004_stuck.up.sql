-- A saga whose deadline's job runs only long after the deadline is stuck too.

create or replace view saga_stuck as
    select s.order_id, s.id as saga_id, s.state, s.data ->> 'deadline' as waits_for, s.deadline,
           now() - s.updated_at as unchanged_for, j.state as job_state, j.run_at as job_run_at, j.last_error as job_error
    from saga s
    left join scheduled_job j on j.kind = 'saga.deadline' and j.unique_key = s.id::text
    where s.settled_at is null
      and (s.deadline < now() - interval '1 minute' or j.id is null or j.state = 'dead'
           or j.run_at > greatest(s.deadline, now()) + interval '1 minute')
    order by s.deadline;
