-- fragment: room
-- Whether execution_heads h has room for command $2: about 1,000 commands or 8 MiB may wait to be applied. Those always
-- find room that change the status and have little to say.
(
    $2 in ('START', 'STOP', 'PAUSE', 'RESUME')
    or (
        select count(*) < 1000 and coalesce(sum(octet_length(m.payload)), 0) < 8 * 1024 * 1024
        from mailbox m
        where m.execution_id = h.execution_id and not m.applied
    )
)

-- fragment: posting
-- Put command $2 with payload $3 into the mailbox of what has `accepted` it, and queue what nobody holds, as urgent where
-- $6 says so.
posted as (
    insert into mailbox (execution_id, seq, command, payload)
    select a.execution_id, a.mailbox_seq, $2, $3 from accepted a
),
woken as (
    insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority, is_urgent)
    select a.execution_id, e.owner_id, e.flow_id, e.flow_version, e.log_format, e.priority, $6::boolean
    from accepted a join executions e on e.id = a.execution_id
    where a.token is null
    on conflict (execution_id) do update set is_urgent = true where excluded.is_urgent and not queue.is_urgent
)

-- name: send
-- Put a command into an execution's mailbox, if its status, with all accepted commands applied, is one of $4; the
-- status becomes $5 (null: stays). The head's row is locked by the update, so two commands are judged one after the
-- other, and an execution that nobody holds is queued in the same statement, as urgent where $6 says so. $3 is the
-- payload.
with accepted as (
    update execution_heads h
    set mailbox_seq = h.mailbox_seq + 1, accepted_status = coalesce($5, h.accepted_status)
    where h.execution_id = $1 and h.accepted_status = any ($4::text[]) and
        -- include: room
    returning h.execution_id, h.mailbox_seq, h.token
),
-- include: posting
select a.mailbox_seq as seq, a.token is not null as is_held from accepted a;

-- name: send_to_many
-- The same for each of executions $1, as if alone: one that refuses holds up no other. Heads that somebody holds are
-- passed over, so that this waits for nobody and whoever waits for it does not wait long. Gives a row for each: seq is
-- null if it was not accepted, and judged_in too if it was not even judged.
with judged as (
    select execution_id, accepted_status from execution_heads
    where execution_id = any ($1::text[])
    for no key update skip locked
),
accepted as (
    update execution_heads h
    set mailbox_seq = h.mailbox_seq + 1, accepted_status = coalesce($5, h.accepted_status)
    from judged j
    where h.execution_id = j.execution_id and j.accepted_status = any ($4::text[])
    returning h.execution_id, h.mailbox_seq, h.token
),
-- include: posting
select asked.id as execution_id, a.mailbox_seq as seq, a.token is not null as is_held, j.accepted_status as judged_in
from unnest($1::text[]) as asked (id)
left join judged j on j.execution_id = asked.id
left join accepted a on a.execution_id = asked.id;

-- name: judge
-- The status of execution $1 as if all accepted commands had been applied, and whether there is room for command $2.
select h.accepted_status as status,
    -- include: room
    as has_room
from execution_heads h where h.execution_id = $1;

-- name: pending
-- The commands of executions $1 that are not applied yet, in order, and then what their parents have told them.
select execution_id, command
from (
    select execution_id, command, false as is_told, seq as place from mailbox where not applied
    union all
    select execution_id, kind, true, id from inbox where kind <> 'CHILD_ENDED'
) as waiting
where execution_id = any ($1::text[])
order by execution_id, is_told, place;

-- name: unapplied
-- The commands of executions $1 that are not applied yet, in order.
select execution_id, seq, command, payload, extract(epoch from clock_timestamp() - accepted_at)::float8 as seconds
from mailbox
where execution_id = any ($1::text[]) and not applied
order by execution_id, seq;

-- name: with_mail
-- Which of executions $1 have commands that are not applied yet, or letters that they have not acted on.
select execution_id from mailbox where execution_id = any ($1::text[]) and not applied
union
select execution_id from inbox where execution_id = any ($1::text[]);
