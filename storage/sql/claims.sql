-- fragment: what_is_claimed
-- All that a worker needs to know of the head d and the execution e that it has claimed.
select d.execution_id, d.token, d.last_index, d.lost_worker_id, d.lost_alone, d.mailbox_seq,
    e.owner_id, e.flow_id, e.flow_version, e.root_id, e.parent_id, e.depth, e.created_at, e.inputs, e.port_values, e.options,
    e.integration, e.failure_count, clock_timestamp() as now,
    (
        select coalesce(json_agg(json_build_object('seq', m.seq, 'command', m.command, 'payload', m.payload)
            order by m.seq), '[]')
        from mailbox m where m.execution_id = d.execution_id and not m.applied
    )::text as letters

-- name: claim
-- Claim up to $2 ready executions for worker $1, each with a fresh token. Owners take turns, beginning with the one after
-- $3: the first of each owner comes before the second of any; within an owner priority counts, then age. Only as many
-- owners are looked at as can be served, so the time does not grow with how many wait. Heads that somebody holds are passed over,
-- for which there are spare candidates; and so are those that have moved since this statement began, because the
-- mailbox is read as it was then.
with recursive following as (
    (
        select q.owner_id, 1 as place from queue q
        where q.worker_id is null and q.owner_id > $3 order by q.owner_id limit 1
    )
    union all
    select (
        select q.owner_id from queue q
        where q.worker_id is null and q.owner_id > f.owner_id
        order by q.owner_id limit 1
    ), f.place + 1
    from following f where f.owner_id is not null and f.place < $2 + 32
),
from_the_first as (
    (
        select q.owner_id, 1 as place from queue q
        where q.worker_id is null and q.owner_id <= $3 order by q.owner_id limit 1
    )
    union all
    select (
        select q.owner_id from queue q
        where q.worker_id is null and q.owner_id > f.owner_id and q.owner_id <= $3
        order by q.owner_id limit 1
    ), f.place + 1
    from from_the_first f where f.owner_id is not null and f.place < $2 + 32
),
owners as (
    select owner_id, place, $2 / count(*) over () + 32 as rows
    from (
        select owner_id, place from following where owner_id is not null
        union all
        select owner_id, 1000000 + place from from_the_first where owner_id is not null
        order by place
        limit $2 + 32
    ) o
),
candidates as (
    select t.execution_id, t.owner_id, t.priority, t.ready_at, t.turn, o.place
    from owners o
    cross join lateral (
        select q.*, row_number() over (order by q.priority desc, q.ready_at) as turn
        from queue q
        where q.worker_id is null and q.owner_id = o.owner_id
        order by q.priority desc, q.ready_at
        limit o.rows
    ) t
    order by t.turn, o.place
    limit $2 + 32
),
locked as (
    select h.execution_id, h.lost_worker_id
    from candidates c
    join execution_heads h on h.execution_id = c.execution_id
    join execution_heads seen on seen.execution_id = c.execution_id
    where h.token is null and h.mailbox_seq = seen.mailbox_seq and h.append_id is not distinct from seen.append_id
    order by c.turn, c.place
    limit $2
    for no key update of h skip locked
),
claimed as (
    update execution_heads h
    set token = gen_random_uuid(), worker_id = $1, claimed_at = clock_timestamp()
    from locked l
    where h.execution_id = l.execution_id
    returning h.execution_id, h.token, h.last_index, h.mailbox_seq, h.lost_worker_id, h.lost_alone
),
held as (
    insert into queue (execution_id, owner_id, priority, ready_at, worker_id)
    select c.execution_id, c.owner_id, c.priority, c.ready_at, $1
    from claimed d join candidates c on c.execution_id = d.execution_id
    on conflict (execution_id) do update set worker_id = excluded.worker_id
),
untimed as (
    delete from timers t using claimed d where t.execution_id = d.execution_id
)
-- include: what_is_claimed
from claimed d
join executions e on e.id = d.execution_id
join candidates c on c.execution_id = d.execution_id
order by c.turn, c.place;

-- name: take_over
-- Move the claim with token $3 on execution $2 to worker $1, under a fresh token; no row if that token is not the head's.
with moved as (
    update execution_heads h
    set token = gen_random_uuid(), worker_id = $1, claimed_at = clock_timestamp()
    where h.execution_id = $2 and h.token = $3
    returning h.execution_id
)
update queue q set worker_id = $1 from moved m where q.execution_id = m.execution_id
returning q.execution_id;

-- name: held
-- Execution $1 as its claim gives it, for the owner who has its head locked.
-- include: what_is_claimed
from execution_heads d
join executions e on e.id = d.execution_id
where d.execution_id = $1;

-- name: waiting
-- How many executions are ready and unclaimed, counted up to $1.
select count(*) from (select 1 from queue where worker_id is null limit $1) ready;

-- name: overdue
-- Whether something has been ready and unclaimed for longer than $1 seconds.
select exists (
    select 1 from queue where worker_id is null and ready_at < clock_timestamp() - make_interval(secs => $1)
);

-- name: wake_due
-- Queue up to $1 parked executions whose time has come; gives how many. Heads that somebody holds are left for the next
-- time. The timer is locked with its head, so that one which was spent or set anew meanwhile counts for nothing.
-- (clock_timestamp() is volatile, so that it would be compared with every timer, not with the first that is not due.)
with due as (
    select t.execution_id, h.token
    from timers t join execution_heads h on h.execution_id = t.execution_id
    where t.due_at <= statement_timestamp()
    order by t.due_at
    limit $1
    for no key update of h, t skip locked
),
woken as (
    insert into queue (execution_id, owner_id, priority)
    select d.execution_id, e.owner_id, e.priority
    from due d join executions e on e.id = d.execution_id
    where d.token is null
    on conflict do nothing
),
spent as (
    delete from timers t using due d where t.execution_id = d.execution_id
)
select count(*) from due;

-- name: next_due
-- Seconds until the next parked execution is due; null if there is none.
select extract(epoch from min(due_at) - clock_timestamp())::float8 from timers;

-- name: release_all
-- Give back all that worker $1 holds but $3, as when it is lost ($2 true) or lets go in order ($2 false). Heads that
-- somebody holds are left, for one of them must not keep the others from going on; gives how many were freed and left.
-- $4 says how it died, if it ran nothing else (else null).
with held as (
    select q.execution_id from queue q where q.worker_id = $1 and q.execution_id <> all ($3::text[])
),
locked as (
    select h.execution_id from held join execution_heads h on h.execution_id = held.execution_id
    where h.worker_id = $1
    for no key update of h skip locked
),
freed as (
    update execution_heads h
    set token = null, worker_id = null, claimed_at = null,
        lost_worker_id = case when $2::boolean then $1 else h.lost_worker_id end,
        lost_alone = case when $2::boolean then $4 else h.lost_alone end
    from locked l
    where h.execution_id = l.execution_id
),
requeued as (
    update queue q set worker_id = null, ready_at = clock_timestamp()
    from locked l
    where q.execution_id = l.execution_id
)
select (select count(*) from locked) as freed, (select count(*) from held) - (select count(*) from locked) as "left";
