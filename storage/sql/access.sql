-- name: grant
-- Let user $2 do with flow $1 what role $3 says.
insert into flow_grants (flow_id, user_id, role) values ($1, $2, $3)
on conflict (flow_id, user_id) do update set role = excluded.role, granted_at = clock_timestamp();

-- name: revoke
-- Take back what user $2 may do with flow $1.
delete from flow_grants where flow_id = $1 and user_id = $2;

-- name: granted
-- The flows that users $1 were granted.
select user_id, flow_id from flow_grants where user_id = any ($1::text[]);

-- name: lost
-- Those pairs of a user ($1) and the root of a tree ($2) of which the user may not see the tree.
select asked.user_id, asked.root_id
from unnest($1::text[], $2::text[]) as asked (user_id, root_id)
where not exists (
    select from tree_access a where a.root_id = asked.root_id and a.user_id = asked.user_id offset 0
);
