-- name: roots_by_id
-- Those of executions $2 that are roots of owners $1.
select id, owner_id, flow_id, status from executions
where id = any ($2::text[]) and owner_id = any ($1::text[]) and parent_id is null;

-- name: current_roots
-- The roots of owners $1 that have not ended, and of each the newest $3 with an id above $2 that have in each way.
select id, owner_id, flow_id, status from executions
where owner_id = any ($1::text[]) and parent_id is null and outcome = 'UNFINISHED'
union all
select recent.*
from unnest($1::text[]) as owner (id)
cross join unnest(array['COMPLETED', 'FAILED', 'STOPPED']) as ended (outcome)
cross join lateral (
    select id, owner_id, flow_id, status from executions
    where owner_id = owner.id and outcome = ended.outcome and parent_id is null and id > $2
    order by id desc
    limit $3
) as recent;
