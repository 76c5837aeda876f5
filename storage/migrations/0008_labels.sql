-- Labels; and lists of roots that find those in some status, with a label or with an error without reading the others.

-- The labels of a root, which are those of all its tree; position is their order as they were given. They never change.
create table labels (
    root_id text collate "C" not null references executions (id) on delete cascade,
    name text collate "C" not null,
    value text collate "C" not null,
    position smallint not null,
    owner_id text collate "C" not null,
    primary key (root_id, name)
);

create index labels_by_value on labels (owner_id, name, value, root_id);

-- How an execution has ended, if it has. It changes once, when the row's place in indexes changes anyway; were the status
-- itself in an index, its changes before the end would have to be written to all indexes too.
alter table executions add column outcome text not null
    generated always as (case when completed_at is null then 'UNFINISHED' else status end) stored;

-- In place of the same without the outcome: a list of all roots looks at the newest of each.
create index roots_by_owner on executions (owner_id, outcome, id) where parent_id is null;
create index roots_by_flow on executions (flow_id, outcome, id) where parent_id is null;
drop index root_executions_by_owner;
drop index root_executions_by_flow;
drop index unfinished_roots;

create index failed_roots on executions (owner_id, id) where parent_id is null and error is not null;
