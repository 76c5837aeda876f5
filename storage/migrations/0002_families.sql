-- Child executions: who spawned them, what the members of a family tell each other, and how many there may be.

alter table executions
    add column spawned_by text,
    add column spawn_key text;

create unique index executions_by_spawn on executions (parent_id, spawn_key) where parent_id is not null;

-- What a child tells its parent, and a parent its children. A row is inserted by the sender's append without a lock on
-- the receiver's head, which that append could not take without the danger of a deadlock, and deleted by the append of
-- the receiver that acts on it. Whoever tells something wakes the receiver after its commit; whoever lets go of an
-- execution looks here after its own.
create table inbox (
    execution_id text collate "C" not null,
    id bigint generated always as identity,
    kind text not null check (kind in ('CHILD_ENDED', 'PAUSE', 'RESUME', 'STOP')),
    body text,
    primary key (execution_id, id)
);

-- How many descendants a root has had. There is a row once the first was spawned.
create table child_budgets (
    root_id text collate "C" primary key,
    used integer not null
) with (fillfactor = 50);
