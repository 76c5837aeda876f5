-- name: decline
-- Note that worker $1 cannot run version $3 of flow $2 with logs of format $4, and why, if the worker is still entered.
-- Its row is locked, so that it is not taken out before this is committed.
insert into declined (worker_id, flow_id, flow_version, log_format, reason)
select w.id, $2, $3, $4, $5 from workers w where w.id = $1
for key share
on conflict do nothing;

-- name: left_to_nobody
-- Whether every worker that takes work has declined version $2 of flow $1 with logs of format $3.
select not exists (
    select from workers w
    where w.takes_work and not exists (
        select from declined d
        where d.worker_id = w.id and d.flow_id = $1 and d.flow_version = $2 and d.log_format = $3
    )
);

-- name: left_to_others
-- Whether something is ready and unclaimed that worker $1 has declined and that another one, which takes work, has not.
select exists (
    select from declined d join flows f on f.id = d.flow_id
    where d.worker_id = $1
        and exists (
            select from queue q
            where q.worker_id is null and q.owner_id = f.owner_id and q.flow_id = d.flow_id
                and q.flow_version = d.flow_version and q.log_format = d.log_format
        )
        and exists (
            select from workers w
            where w.takes_work and not exists (
                select from declined x
                where x.worker_id = w.id and x.flow_id = d.flow_id and x.flow_version = d.flow_version
                    and x.log_format = d.log_format
            )
        )
);

-- name: without_capable_worker
-- Those of executions $1 that are unclaimed and that every worker which takes work has declined, with each one's reason.
select q.execution_id, d.worker_id, d.reason
from queue q
join declined d on d.flow_id = q.flow_id and d.flow_version = q.flow_version and d.log_format = q.log_format
where q.execution_id = any ($1::text[]) and q.worker_id is null
    and not exists (
        select from workers w
        where w.takes_work and not exists (
            select from declined x
            where x.worker_id = w.id and x.flow_id = q.flow_id and x.flow_version = q.flow_version
                and x.log_format = q.log_format
        )
    )
order by q.execution_id, d.worker_id;
