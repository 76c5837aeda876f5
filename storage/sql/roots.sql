-- name: roots_by_id
-- Those of executions $5 that are roots on a watched list: of owners $1, of the flows of owners $2, of flows $3, or of
-- whomever where $4 is true.
select id, owner_id, flow_owner_id, flow_id, status from executions
where id = any ($5::text[]) and parent_id is null
    and (owner_id = any ($1::text[]) or flow_owner_id = any ($2::text[]) or flow_id = any ($3::text[]) or $4::boolean);

-- name: current_roots
-- The roots on watched lists (as roots_by_id has them) that have not ended, and of each list the newest $6 with an id
-- above $5: of an owner or a flow, of those that have in each way.
select id, owner_id, flow_owner_id, flow_id, status from executions
where owner_id = any ($1::text[]) and parent_id is null and outcome = 'UNFINISHED'
union all
select recent.*
from unnest($1::text[]) as owner (id)
cross join unnest(array['COMPLETED', 'FAILED', 'STOPPED']) as ended (outcome)
cross join lateral (
    select id, owner_id, flow_owner_id, flow_id, status from executions
    where owner_id = owner.id and outcome = ended.outcome and parent_id is null and id > $5
    order by id desc
    limit $6
) as recent
union all
select id, owner_id, flow_owner_id, flow_id, status from executions
where flow_id = any ($3::text[]) and parent_id is null and outcome = 'UNFINISHED'
union all
select recent.*
from unnest($3::text[]) as flow (id)
cross join unnest(array['COMPLETED', 'FAILED', 'STOPPED']) as ended (outcome)
cross join lateral (
    select id, owner_id, flow_owner_id, flow_id, status from executions
    where flow_id = flow.id and outcome = ended.outcome and parent_id is null and id > $5
    order by id desc
    limit $6
) as recent
union all
select id, owner_id, flow_owner_id, flow_id, status from executions
where flow_owner_id = any ($2::text[]) and parent_id is null and flow_owner_id is not null and completed_at is null
union all
select recent.*
from unnest($2::text[]) as flow_owner (id)
cross join lateral (
    select id, owner_id, flow_owner_id, flow_id, status from executions
    where flow_owner_id = flow_owner.id and parent_id is null and id > $5
    order by id desc
    limit $6
) as recent
union all
select id, owner_id, flow_owner_id, flow_id, status from executions
where $4::boolean and parent_id is null and completed_at is null
union all
(
    select id, owner_id, flow_owner_id, flow_id, status from executions
    where $4::boolean and parent_id is null and id > $5
    order by id desc
    limit $6
);
