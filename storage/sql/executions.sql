-- fragment: execution_rows
-- Executions with what their heads say.
select executions.*, heads.last_index, heads.worker_id, heads.claimed_at, heads.updated_at as appended_at
from executions
join execution_heads as heads on heads.execution_id = executions.id

-- name: create_execution
-- Make an execution of a flow that is there: its row and head, the first event of its log, its large values, its labels,
-- its place in the queue, and, if it is to be in status $25 at once, command $24, which leads there, in its mailbox.
-- Gives no row if the flow is gone or the idempotency key is taken.
with flow as (
    select id, owner_id from flows where id = $2 and deleted_at is null for key share
), execution as (
    insert into executions (
        id, flow_id, flow_version, owner_id, root_id, parent_id, depth, inputs, port_values, options, integration,
        external_events, priority, idempotency_key, request_digest, log_format, forked_from_id, runs_event,
        flow_owner_id
    )
    select $1, flow.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $19::smallint, $22, $23,
        nullif(flow.owner_id, $4)
    from flow
    on conflict (owner_id, idempotency_key) where idempotency_key is not null do nothing
    returning *
), head as (
    insert into execution_heads (execution_id, updated_at, mailbox_seq, accepted_status)
    select id, created_at, ($25::text is not null)::integer, coalesce($25, status) from execution
), commanded as (
    insert into mailbox (execution_id, seq, command) select id, 1, $24::text from execution where $25 is not null
), event as (
    insert into execution_events (execution_id, index, type, timestamp, data)
    select id, -1, 'EXECUTION_CREATED', created_at, $16 from execution
), queued as (
    insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority)
    select id, owner_id, flow_id, flow_version, log_format, priority from execution
), stored as (
    insert into payloads (root_id, id, text)
    select execution.root_id, payload.id, payload.text
    from execution, unnest($17::text[], $18::text[]) as payload (id, text)
    on conflict do nothing
), labelled as (
    insert into labels (root_id, name, value, position, owner_id)
    select execution.root_id, label.name, label.value, label.position, execution.owner_id
    from execution, unnest($20::text[], $21::text[]) with ordinality as label (name, value, position)
)
select *, -1 as last_index, null::text as worker_id, null::timestamptz as claimed_at, updated_at as appended_at
from execution;

-- name: execution_by_idempotency_key
-- The execution that an owner has made under a key.
-- include: execution_rows
where executions.owner_id = $1 and executions.idempotency_key = $2;

-- name: executions_by_id
-- The executions among ids $3 that user $1 may see, or everybody where $2 is true, and what else the user may do with
-- each; `offset 0` has that worked out once, and not again for the condition.
select found.*, granted.access
from (
    -- include: execution_rows
    where executions.id = any($3::text[])
) as found
cross join lateral (
    select case when $2::boolean then 3
        else (select max(level) from tree_access a where a.root_id = found.root_id and a.user_id = $1) end as access
    offset 0
) granted
where granted.access is not null;

-- name: seen_execution
-- Execution $3, if user $1 may see it, or everybody where $2 is true, with what else the user may do with it, and with what
-- is shown beside it: the labels of its tree as pairs, the commands that nobody has applied yet (accepted ones, then its
-- parent's), and the flow, with what the user may do with that, unless it is deleted or not for the user to see.
-- The id is one and no list: only then does Postgres keep the plan, which takes ten times as long to make as to run.
select found.*, granted.access,
    array(
        select array[name, value] from labels where labels.root_id = found.root_id order by position
    ) as labels,
    array(select command from mailbox where mailbox.execution_id = found.id and not applied order by seq)
    || array(select kind from inbox where inbox.execution_id = found.id and kind <> 'CHILD_ENDED' order by inbox.id)
    as pending,
    flow.owner_id as "flow.owner_id", flow.name as "flow.name", flow.description as "flow.description",
    flow.latest_version as "flow.latest_version", flow.created_at as "flow.created_at",
    flow.updated_at as "flow.updated_at", flow.access as "flow.access"
from (
    -- include: execution_rows
    where executions.id = $3
) as found
cross join lateral (
    select case when $2::boolean then 3
        else (select max(level) from tree_access a where a.root_id = found.root_id and a.user_id = $1) end as access
    offset 0
) as granted
left join lateral (
    select flows.*, case when $2::boolean then 3
        else (select max(level) from flow_access a where a.flow_id = flows.id and a.user_id = $1) end as access
    from flows
    where flows.id = found.flow_id and flows.deleted_at is null
    offset 0
) as flow on flow.access is not null
where granted.access is not null;

-- name: list_children
-- The children of an execution, newest first.
-- include: execution_rows
where executions.parent_id = $1 and executions.id < $2
order by executions.id desc
limit $3;

-- name: list_tree
-- A tree down to a depth, by depth and creation, from behind a member on.
-- include: execution_rows
where executions.root_id = $1 and executions.owner_id = $2 and executions.depth <= $3
    and (executions.depth, executions.id) > ($4, $5)
order by executions.depth, executions.id
limit $6;

-- name: labels_of
-- The labels of roots $1, in the order in which they were given.
select root_id, name, value from labels where root_id = any ($1::text[]) order by root_id, position;
