-- Who may do what. A flow has one owner, who may let others see it or operate it. A tree of executions belongs to the owner
-- of its root, and whoever may do something with the root's flow may do it with the whole tree. Level 1 sees, 2 also
-- creates and commands executions, 3 does everything; the two views below are all there is to know about that.

create table flow_grants (
    flow_id text collate "C" not null references flows (id) on delete cascade,
    user_id text collate "C" not null,
    role text not null check (role in ('VIEWER', 'OPERATOR')),
    granted_at timestamptz not null default clock_timestamp(),
    primary key (flow_id, user_id)
);

create index flow_grants_by_user on flow_grants (user_id, flow_id desc);

-- Of a root that somebody else than the flow's owner has created: the flow's owner. It is null for all others, so that
-- what people run of their own costs no index entry.
alter table executions add column flow_owner_id text collate "C";

create index roots_by_flow_owner on executions (flow_owner_id, id desc)
    where parent_id is null and flow_owner_id is not null;

-- Watched lists of roots are compared with it, as with unfinished_roots.
create index unfinished_roots_by_flow_owner on executions (flow_owner_id)
    where parent_id is null and flow_owner_id is not null and completed_at is null;

-- For those who see everything.
create index root_executions on executions (id desc) where parent_id is null;

-- The flows that somebody may do something with.
create view flow_access as
select id as flow_id, owner_id as user_id, 3 as level from flows
union all
select flow_id, user_id, case role when 'OPERATOR' then 2 else 1 end from flow_grants;

-- The trees of executions that somebody may do something with, by their roots.
create view tree_access as
select id as root_id, owner_id as user_id, 3 as level from executions where parent_id is null
union all
select id, flow_owner_id, 3 from executions where parent_id is null and flow_owner_id is not null
union all
select e.id, g.user_id, case g.role when 'OPERATOR' then 2 else 1 end
from executions e join flow_grants g on g.flow_id = e.flow_id
where e.parent_id is null;
