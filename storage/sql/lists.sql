-- fragment: matching
-- What is asked of each execution, and the page of what matches, newest first; what is null asks nothing. That user $1
-- may do with it what takes level $20 (where $19 is true, anybody may), its owner ($21), flow ($2) and statuses ($3), ids
-- from $6 to below $4, times ($7, $8), the error ($9, $10), labels ($11, $12), and the status with all accepted commands
-- applied ($14).
-- Each condition is a coalesce or a case, because Postgres takes those to be true of half the rows: then it goes down
-- the index until the page is full, where from `$2 is null or …` it would conclude that next to nothing matches, and
-- sort all there is.
    and ($19::boolean or executions.owner_id = $1 or exists (
        select from tree_access a where a.root_id = executions.root_id and a.user_id = $1 and a.level >= $20 offset 0
    ))
    and coalesce(executions.owner_id = $21, true)
    and executions.id < $4 and executions.id >= $6
    and executions.status = any ($3::text[])
    and coalesce(executions.flow_id = $2, true)
    and coalesce(executions.created_at >= $7::timestamptz, true)
    and coalesce(executions.created_at < $8::timestamptz, true)
    and coalesce((executions.error is not null) = $9::boolean, true)
    and coalesce(replace(executions.error, '\u0000', '\ufffd')::json ->> 'message' ilike $10, $10::text is null)
    and case when $11::text[] is null then true else not exists (
        select * from unnest($11, $12::text[])
        except
        select name, value from labels where labels.root_id = executions.root_id
    ) end
    and case when $14::text[] is null then true else (
        select accepted_status from execution_heads where execution_heads.execution_id = executions.id
    ) = any ($14) end
order by executions.id desc
limit $5

-- fragment: found
-- The ids of what matches, newest first, by the ways that $15 names: the children of $13; of owner $22, the roots with
-- the label $16 = $17, those with an error, or those of the flow or of all flows with each of outcomes $18; those that
-- others have made of flows of user $1, or of flows that were granted to $1; all roots. The other ways are not gone.
found as (
    select children.id from (
        select executions.id from executions
        where 'parent' = any ($15::text[]) and executions.parent_id = $13
        -- include: matching
    ) as children
    union all
    select labelled.id from (
        select executions.id from labels join executions on executions.id = labels.root_id
        where 'label' = any ($15) and labels.owner_id = $22 and labels.name = $16 and labels.value = $17
            and labels.root_id < $4 and labels.root_id >= $6
        -- include: matching
    ) as labelled
    union all
    select failed.id from (
        select executions.id from executions
        where 'error' = any ($15) and executions.owner_id = $22 and executions.parent_id is null
            and executions.error is not null
        -- include: matching
    ) as failed
    union all
    select of_flow.id
    from unnest($18::text[]) as wanted (outcome)
    cross join lateral (
        select executions.id from executions
        where 'flow' = any ($15) and executions.flow_id = $2 and executions.parent_id is null
            and executions.outcome = wanted.outcome and coalesce(executions.owner_id = $22, true)
        -- include: matching
    ) as of_flow
    union all
    select of_owner.id
    from unnest($18::text[]) as wanted (outcome)
    cross join lateral (
        select executions.id from executions
        where 'owner' = any ($15) and executions.owner_id = $22 and executions.parent_id is null
            and executions.outcome = wanted.outcome
        -- include: matching
    ) as of_owner
    union all
    select of_flow_owner.id from (
        select executions.id from executions
        where 'flow_owner' = any ($15) and executions.flow_owner_id = $1 and executions.parent_id is null
        -- include: matching
    ) as of_flow_owner
    union all
    select of_granted.id
    from flow_grants
    cross join unnest($18::text[]) as wanted (outcome)
    cross join lateral (
        select executions.id from executions
        where 'granted' = any ($15) and executions.flow_id = flow_grants.flow_id and executions.parent_id is null
            and executions.outcome = wanted.outcome
            and executions.owner_id <> $1 and executions.flow_owner_id is distinct from $1
        -- include: matching
    ) as of_granted
    where flow_grants.user_id = $1 and coalesce(flow_grants.flow_id = $2, true)
    union all
    select of_all.id from (
        select executions.id from executions
        where 'all' = any ($15) and executions.parent_id is null
        -- include: matching
    ) as of_all
    order by id desc
    limit $5
)

-- name: list_matching
-- A page of the executions that match.
with
-- include: found
select executions.*, heads.last_index, heads.worker_id, heads.claimed_at, heads.updated_at as appended_at
from found
join executions on executions.id = found.id
join execution_heads as heads on heads.execution_id = executions.id
order by executions.id desc;

-- name: ids_matching
-- The ids of a page of the executions that match.
with
-- include: found
select id from found order by id desc;

-- name: rarest
-- By which way an owner's ($1) roots that match are found soonest, all counted up to 5,000: one of the labels ($2, $3),
-- the outcomes ($4, of flow $5 if it is given), or the error, if one is asked for ($6); ids from $8 to below $7. Labels
-- come last of what is equally rare, because what has them has to be looked up.
select way, name, value from (
    select 'label' as way, asked.name, asked.value, (
        select count(*) from (
            select from labels
            where labels.owner_id = $1 and labels.name = asked.name and labels.value = asked.value
                and labels.root_id < $7 and labels.root_id >= $8
            limit 5000
        ) as counted
    ) as roots
    from unnest($2::text[], $3::text[]) as asked (name, value)
    union all
    select 'error', null, null, (
        select count(*) from (
            select from executions
            where owner_id = $1 and parent_id is null and error is not null and id < $7 and id >= $8
            limit 5000
        ) as counted
    )
    where $6::boolean
    union all
    select 'flow', null, null, (
        select count(*) from (
            select from executions
            where flow_id = $5 and parent_id is null and outcome = any ($4::text[]) and id < $7 and id >= $8
            limit 5000
        ) as counted
    )
    where $5::text is not null
    union all
    select 'owner', null, null, (
        select count(*) from (
            select from executions
            where owner_id = $1 and parent_id is null and outcome = any ($4::text[]) and id < $7 and id >= $8
            limit 5000
        ) as counted
    )
) as ways
order by roots, way = 'label', way
limit 1;

-- name: tree_sizes
-- How deep and how large the trees of roots $1 are, the root itself not counted: its budget counts whom it has spawned.
select root.id as root_id, deepest.depth + 1 as levels, coalesce(child_budgets.used, 0) as total_nested
from unnest($1::text[]) as root (id)
cross join lateral (
    select depth from executions where executions.root_id = root.id order by executions.depth desc limit 1
) as deepest
left join child_budgets on child_budgets.root_id = root.id;
