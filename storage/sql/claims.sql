-- fragment: what_is_claimed
-- All that a worker needs to know of the head d and the execution e that it has claimed.
select d.execution_id, d.token, d.last_index, d.lost_worker_id, d.lost_alone, d.mailbox_seq,
    e.owner_id, e.flow_id, e.flow_version, e.log_format, e.root_id, e.parent_id, e.depth, e.created_at, e.inputs,
    e.port_values, e.options, e.integration, e.failure_count, e.status, e.external_events, e.runs_event,
    v.name as flow_name,
    clock_timestamp() as now,
    (
        select coalesce(json_agg(json_build_object('seq', m.seq, 'command', m.command, 'payload', m.payload,
            'seconds', extract(epoch from clock_timestamp() - m.accepted_at)) order by m.seq), '[]')
        from mailbox m where m.execution_id = d.execution_id and not m.applied
    )::text as letters,
    (
        select coalesce(json_agg(json_build_object('id', i.id, 'kind', i.kind, 'body', i.body, 'follows', i.follows)
            order by i.place), '[]')
        from (
            -- include: inbox_page
        ) as i
    )::text as told

-- fragment: fair_candidates
-- What is ready, in the fair order: owners take turns, beginning with the one after $3: the first of each owner comes
-- before the second of any; within an owner priority counts, then age. Only as many owners are looked at as can be
-- served with $2 executions, so the time does not grow with how many wait.
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
    select t.execution_id, t.owner_id, t.flow_id, t.flow_version, t.log_format, t.priority, t.ready_at, t.turn, o.place
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
)

-- fragment: candidates_within_limits
-- The same order among what limits allow and worker $6 has not declined: at most $4 executions of an owner and $5 of a
-- flow are held (null: any number). Goes from version to version that has something waiting, past what is declined and
-- owners and flows without room, in two laps: to the last owner and from the first one on (chr(1114111) is behind every
-- id, 2147483647 is the last version). The time grows with how many are held, and with how many versions the owners that
-- are looked at have waiting, but not with how many wait. What is beyond the room is spare, and comes last. (Rooms are
-- looked up in objects, because Postgres cannot know how many a join would have to go through.)
with recursive rooms as (
    select
        (
            select coalesce(jsonb_object_agg(owner_id, $4::integer - held), '{}') from (
                select owner_id, count(*)::integer as held from queue where worker_id is not null group by owner_id
            ) o
        ) as owners,
        (
            select coalesce(jsonb_object_agg(flow_id, $5::integer - held), '{}') from (
                select flow_id, count(*)::integer as held from queue where worker_id is not null group by flow_id
            ) f
        ) as flows
),
walk as (
    select lap, owner_id collate "C" as owner_id, after_flow collate "C" as flow_id, 0 as flow_version,
        0::smallint as log_format, after_flow collate "C" as after_flow, 0 as after_version,
        last_owner collate "C" as last_owner, 0 as owner_room, 0 as flow_room, 0 as place, false as is_counted,
        false as is_open
    from (values (1, $3, chr(1114111), chr(1114111)), (2, '', '', $3)) laps (lap, owner_id, after_flow, last_owner)
    union all
    select w.lap, n.owner_id, n.flow_id, n.flow_version, n.log_format,
        case when n.owner_room > 0 then n.flow_id else chr(1114111) end,
        case when n.flow_room > 0 then n.flow_version else 2147483647 end, w.last_owner, n.owner_room, n.flow_room,
        w.place + (n.is_open and not n.is_counted)::integer, n.is_open or n.is_counted, n.is_open
    from walk w
    cross join lateral (
        select q.owner_id, q.flow_id, q.flow_version, q.log_format,
            coalesce((rooms.owners ->> q.owner_id)::integer, $4::integer, 2147483647) as owner_room,
            coalesce((rooms.flows ->> q.flow_id)::integer, $5::integer, 2147483647) as flow_room
        from queue q, rooms
        where q.worker_id is null and q.owner_id <= w.last_owner
            and (q.owner_id, q.flow_id, q.flow_version, q.log_format)
                > (w.owner_id, w.after_flow, w.after_version, w.log_format)
        order by q.owner_id, q.flow_id, q.flow_version, q.log_format
        limit 1
    ) f
    cross join lateral (
        select f.*, w.is_counted and w.owner_id = f.owner_id as is_counted,
            f.owner_room > 0 and f.flow_room > 0 and not exists (
                select from declined x
                where x.worker_id = $6 and x.flow_id = f.flow_id and x.flow_version = f.flow_version
                    and x.log_format = f.log_format
            ) as is_open
    ) n
    where w.place < $2 + 32
),
ready as (
    select t.*, w.lap * 1000000 + w.place as place, w.owner_room, w.flow_room,
        row_number() over (partition by t.owner_id order by t.priority desc, t.ready_at) as turn
    from walk w
    cross join lateral (
        select q.execution_id, q.owner_id, q.flow_id, q.flow_version, q.log_format, q.priority, q.ready_at
        from queue q
        where q.worker_id is null and q.owner_id = w.owner_id and q.flow_id = w.flow_id
            and q.flow_version = w.flow_version and q.log_format = w.log_format
        order by q.priority desc, q.ready_at
        limit least($2 / (select count(distinct owner_id) from walk where is_counted), w.owner_room, w.flow_room) + 8
    ) t
    where w.is_open
),
numbered as (
    select *, row_number() over (partition by flow_id order by turn, place) as turn_in_flow from ready
),
candidates as (
    select n.execution_id, n.owner_id, n.flow_id, n.flow_version, n.log_format, n.priority, n.ready_at, n.place,
        n.owner_room, n.flow_room, s.is_spare, case when s.is_spare then 1000000 else 0 end + n.turn as turn
    from numbered n, lateral (select n.turn > n.owner_room or n.turn_in_flow > n.flow_room) s (is_spare)
    order by turn, place
    limit $2 + 32
)

-- fragment: lockable
-- The heads of candidates that can be claimed, to be locked. Those that somebody holds are passed over, for which there
-- are spare candidates; and so are those that have moved since this statement began, because the mailbox is read as it
-- was then.
    select h.execution_id, h.lost_worker_id
    from candidates c
    join execution_heads h on h.execution_id = c.execution_id
    join execution_heads seen on seen.execution_id = c.execution_id
    where h.token is null and h.mailbox_seq = seen.mailbox_seq and h.append_id is not distinct from seen.append_id
    order by c.turn, c.place

-- fragment: claimed
-- Hand what is locked to worker $1, each with a fresh token.
claimed as (
    update execution_heads h
    set token = gen_random_uuid(), worker_id = $1, claimed_at = clock_timestamp()
    from locked l
    where h.execution_id = l.execution_id
    returning h.execution_id, h.token, h.last_index, h.mailbox_seq, h.lost_worker_id, h.lost_alone
),
held as (
    insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority, ready_at, worker_id)
    select c.execution_id, c.owner_id, c.flow_id, c.flow_version, c.log_format, c.priority, c.ready_at, $1
    from claimed d join candidates c on c.execution_id = d.execution_id
    on conflict (execution_id) do update set worker_id = excluded.worker_id, is_urgent = false
),
untimed as (
    delete from timers t using claimed d where t.execution_id = d.execution_id
)
-- include: what_is_claimed
    , extract(epoch from clock_timestamp() - c.ready_at)::float8 as ready_seconds
from claimed d
join executions e on e.id = d.execution_id
join flow_versions v on v.flow_id = e.flow_id and v.version = e.flow_version
join candidates c on c.execution_id = d.execution_id
order by c.turn, c.place;

-- name: claim
-- Claim up to $2 ready executions for worker $1 in the fair order, in which the owner after $3 comes first.
-- include: fair_candidates
, locked as (
-- include: lockable
    limit $2
    for no key update of h skip locked
),
-- include: claimed

-- name: claim_errands
-- Claim up to $2 executions for worker $1 that were told something, the oldest first, whoever's they are and whatever the
-- limits: they are not run, only what they were told is recorded. What the worker has declined it can only end, and only
-- if it was told to stop and no worker is left that has not declined it.
with candidates as (
    select q.*, 0 as turn, row_number() over (order by q.ready_at) as place
    from queue q
    where q.worker_id is null and q.is_urgent
        and (
            not exists (
                select from declined x
                where x.worker_id = $1 and x.flow_id = q.flow_id and x.flow_version = q.flow_version
                    and x.log_format = q.log_format
            )
            or (
                exists (
                    select from mailbox m
                    where m.execution_id = q.execution_id and not m.applied and m.command = 'STOP'
                    union all
                    select from inbox i where i.execution_id = q.execution_id and i.kind = 'STOP'
                )
                and not exists (
                    select from workers w
                    where w.takes_work and not exists (
                        select from declined x
                        where x.worker_id = w.id and x.flow_id = q.flow_id and x.flow_version = q.flow_version
                            and x.log_format = q.log_format
                    )
                )
            )
        )
    order by q.ready_at
    limit $2 + 32
)
, locked as (
-- include: lockable
    limit $2
    for no key update of h skip locked
),
-- include: claimed

-- name: exclude_other_claims
-- Wait until no other claim within limits is under way, and keep the others waiting until this transaction ends. It is
-- a statement of its own so that the next one's snapshot has what the others have claimed. A claimer whose process
-- stands still in between is not waited for longer than its session may be idle.
select pg_advisory_xact_lock(7427361183), set_config('idle_in_transaction_session_timeout', '2s', true);

-- name: claim_within_limits
-- Claim as `claim` does, but so that no owner has more than $4 executions held, over all workers, and no flow more than
-- $5 (null: any number), and nothing that worker $6, which is $1, has declined. What was locked in place of what somebody
-- holds is counted once more, because it may be another owner's or flow's.
-- include: candidates_within_limits
, spared as (
-- include: lockable
    limit least($2, (select count(*) from candidates where not is_spare))
    for no key update of h skip locked
),
locked as (
    select execution_id
    from (
        select c.*,
            row_number() over (partition by c.owner_id order by c.turn, c.place) as nth_of_owner,
            row_number() over (partition by c.flow_id order by c.turn, c.place) as nth_of_flow
        from spared s join candidates c on c.execution_id = s.execution_id
    ) numbered
    where nth_of_owner <= owner_room and nth_of_flow <= flow_room
),
-- include: claimed

-- name: next_within_limits
-- The first execution that worker $6 could claim within limits $4 and $5, if it has been ready for $1 seconds, and since
-- when: what comes back to the queue waits anew. ($2 is 1, and $3 the owner whose turn is over.)
-- include: candidates_within_limits
select execution_id, ready_at
from (select * from candidates order by turn, place limit 1) first
where ready_at <= clock_timestamp() - make_interval(secs => $1);

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
    , null as ready_seconds
from execution_heads d
join executions e on e.id = d.execution_id
join flow_versions v on v.flow_id = e.flow_id and v.version = e.flow_version
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
-- Queue up to $1 parked executions whose time has come; gives how many, and how late the first was. Heads that somebody
-- holds are left for the next time. The timer is locked with its head, so that one which was spent or set anew meanwhile counts for nothing.
-- (clock_timestamp() is volatile, so that it would be compared with every timer, not with the first that is not due.)
with due as (
    select t.execution_id, t.due_at, h.token
    from timers t join execution_heads h on h.execution_id = t.execution_id
    where t.due_at <= statement_timestamp()
    order by t.due_at
    limit $1
    for no key update of h, t skip locked
),
woken as (
    insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority)
    select d.execution_id, e.owner_id, e.flow_id, e.flow_version, e.log_format, e.priority
    from due d join executions e on e.id = d.execution_id
    where d.token is null
    on conflict do nothing
),
spent as (
    delete from timers t using due d where t.execution_id = d.execution_id
)
select count(*) as woken, extract(epoch from statement_timestamp() - min(due_at))::float8 as lag_seconds from due;

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
    update queue q
    set worker_id = null, ready_at = clock_timestamp(),
        is_urgent = exists (select from mailbox m where m.execution_id = q.execution_id and not m.applied)
            or exists (select from inbox i where i.execution_id = q.execution_id)
    from locked l
    where q.execution_id = l.execution_id
)
select (select count(*) from locked) as freed, (select count(*) from held) - (select count(*) from locked) as "left";
