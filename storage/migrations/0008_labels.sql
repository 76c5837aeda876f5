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

-- In place of the same without the status: a list of all statuses looks at the newest of each.
create index roots_by_owner on executions (owner_id, status, id) where parent_id is null;
create index roots_by_flow on executions (flow_id, status, id) where parent_id is null;
drop index root_executions_by_owner;
drop index root_executions_by_flow;

create index failed_roots on executions (owner_id, id) where parent_id is null and error is not null;
