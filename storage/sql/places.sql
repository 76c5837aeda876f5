-- name: place_in_queue
-- What decides over when a worker takes execution $1: whether it waits in the queue, which worker has it, how many
-- workers that look for work are alive, how many of these have not declined it, what one of the others says, and how
-- many executions of its owner and of its flow are held, of how many that may be (null: any number).
with live as (
    select * from workers
    where takes_work and beat_at > clock_timestamp() - make_interval(secs => lease)
), refused as (
    select live.id, declined.reason
    from executions x
    join declined on declined.flow_id = x.flow_id and declined.flow_version = x.flow_version
        and declined.log_format = x.log_format
    join live on live.id = declined.worker_id
    where x.id = $1
)
select
    q.execution_id is not null and q.worker_id is null as is_queued,
    heads.worker_id,
    (select count(*) from live)::integer as workers,
    (select count(*) from live where id not in (select id from refused))::integer as capable,
    (select reason from refused order by id limit 1) as refusal,
    (select count(*) from queue where worker_id is not null and owner_id = x.owner_id)::integer as of_owner,
    (select min(owner_limit) from live) as owner_limit,
    (select count(*) from queue where worker_id is not null and flow_id = x.flow_id)::integer as of_flow,
    (select min(flow_limit) from live) as flow_limit
from executions x
join execution_heads heads on heads.execution_id = x.id
left join queue q on q.execution_id = x.id
where x.id = $1;
