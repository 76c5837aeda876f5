-- name: create_flow
-- Make a flow and its first version.
with flow as (
    insert into flows (id, owner_id, name, description, latest_version)
    values ($1, $2, $3, $4, 1)
    returning *
), version as (
    insert into flow_versions (flow_id, version, name, document, node_types)
    select id, latest_version, name, $5, $6 from flow
)
select * from flow;

-- name: update_flow
-- Add a version, unless the flow is not where the caller expects it to be ($6, null: anywhere).
with flow as (
    update flows
    set name = $3, description = $4, latest_version = latest_version + 1, updated_at = clock_timestamp()
    where id = $1 and owner_id = $2 and deleted_at is null and ($6::integer is null or latest_version = $6)
    returning *
), version as (
    insert into flow_versions (flow_id, version, name, document, node_types)
    select id, latest_version, name, $5, $7 from flow
)
select * from flow;

-- name: lock_flow
-- Keep new executions of a flow out until this transaction ends; waits for those that are being created.
select id from flows where id = $1 and owner_id = $2 and deleted_at is null for update;

-- name: has_unfinished_executions
-- Whether an execution of the flow, whatever its version and depth, has not ended.
select exists (select from executions where flow_id = $1 and completed_at is null);

-- name: delete_flow
-- Hide a flow, and end what makes executions of it; its versions and executions stay.
with schedule as (
    delete from schedules where flow_id = $1
), webhook as (
    delete from webhooks where flow_id = $1
)
update flows set deleted_at = clock_timestamp(), updated_at = clock_timestamp() where id = $1;

-- name: flows_by_id
-- The flows among ids $3 that are there and that user $1 may see, or everybody where $2 is true, and what else the user
-- may do with each; `offset 0` has that worked out once, and not again for the condition.
select flows.*, granted.access
from flows
cross join lateral (
    select case when $2::boolean then 3
        else (select max(level) from flow_access a where a.flow_id = flows.id and a.user_id = $1) end as access
    offset 0
) granted
where flows.id = any($3::text[]) and flows.deleted_at is null and granted.access is not null;

-- name: flow_versions_by_id
-- Versions by pairs of flow and number.
select flow_versions.*
from unnest($1::text[], $2::integer[]) as wanted (flow_id, version)
join flow_versions using (flow_id, version);

-- name: version_at
-- The version of a flow that was newest at a time, or its first one if it is younger than that; only of flows that user
-- $1 may run.
select v.* from flows f join flow_versions v on v.flow_id = f.id
where f.id = $2 and f.deleted_at is null and (v.created_at <= $3 or v.version = 1)
    and exists (select from flow_access a where a.flow_id = f.id and a.user_id = $1 and a.level >= 2 offset 0)
order by v.version desc
limit 1;

-- fragment: matching
-- The page of the flows that match, newest first; $2 is a pattern that the name or the description matches, or null.
    and flows.deleted_at is null and flows.id < $3
    and coalesce(flows.name ilike $2 or flows.description ilike $2, $2::text is null)
order by flows.id desc
limit $4

-- name: list_flows
-- The flows that a user owns or was granted, newest first.
select * from (
    (
        select * from flows
        where owner_id = $1
        -- include: matching
    )
    union all
    (
        select flows.* from flow_grants g join flows on flows.id = g.flow_id
        where g.user_id = $1
        -- include: matching
    )
) as seen
order by id desc
limit $4;

-- name: list_all_flows
-- Everybody's flows, newest first; $1 is who asks.
select * from flows
where $1::text is not null
-- include: matching

-- name: list_flow_versions
-- A flow's versions, newest first.
select * from flow_versions where flow_id = $1 and version < $2 order by version desc limit $3;
