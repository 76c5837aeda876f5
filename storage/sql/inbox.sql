-- name: read_inbox
-- What executions $1 were told and have not acted on: a page of each, in order.
select d.execution_id, i.*
from unnest($1::text[]) as d (execution_id)
cross join lateral (
    -- include: inbox_page
) as i
order by d.execution_id, i.place;

-- fragment: waking
-- Queue those that were `told` something, have not ended and that nobody holds. A head that somebody locks just now
-- is left: it is being claimed or written, and its owner is one of the others, who are to be told. So is a head that
-- was written since this statement began: it may have ended, and if not, whoever let go of it has looked again.
unheld as (
    select h.execution_id
    from told t
    join execution_heads h on h.execution_id = t.execution_id
    join execution_heads seen on seen.execution_id = t.execution_id
    where h.token is null and h.append_id is not distinct from seen.append_id
    for no key update of h skip locked
),
queued as (
    insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority, is_urgent)
    select e.id, e.owner_id, e.flow_id, e.flow_version, e.log_format, e.priority, true
    from unheld u join executions e on e.id = u.execution_id
    on conflict (execution_id) do update set is_urgent = true where not queue.is_urgent
)
select (select count(*) from unheld) as queued,
    array(select execution_id from told where execution_id not in (select execution_id from unheld)) as others;

-- name: wake
-- Wake those of executions $1 that were told something.
with told as (
    select e.id as execution_id from executions e
    where e.id = any ($1::text[]) and e.completed_at is null
        and exists (select from inbox i where i.execution_id = e.id)
),
-- include: waking

-- name: wake_family
-- Wake the parents and the children of executions $1 that were told something.
with relative as (
    select parent_id as id from executions where id = any ($1::text[]) and parent_id is not null
    union
    select id from executions where parent_id = any ($1::text[]) and completed_at is null
),
told as (
    select e.id as execution_id from relative r join executions e on e.id = r.id
    where e.completed_at is null and exists (select from inbox i where i.execution_id = e.id)
),
-- include: waking

-- name: forgotten
-- Up to $1 executions that were told something and that nobody will look at within $2 seconds, each with its oldest
-- letter; the oldest of all first.
select i.execution_id, min(i.id) as letter
from inbox i join executions e on e.id = i.execution_id
where e.completed_at is null
    and not exists (select from queue q where q.execution_id = i.execution_id)
    and not exists (
        select from timers t
        where t.execution_id = i.execution_id and t.due_at < clock_timestamp() + make_interval(secs => $2)
    )
group by i.execution_id
order by letter
limit $1;

-- name: discard_dead_letters
-- Delete up to $1 letters to executions that have ended.
with dead as (
    select i.execution_id, i.id from inbox i join executions e on e.id = i.execution_id
    where e.completed_at is not null
    limit $1
    for update of i skip locked
),
deleted as (
    delete from inbox i using dead d where i.execution_id = d.execution_id and i.id = d.id returning 1
)
select count(*) from deleted;
