-- Forks: executions that begin with what another one has completed.

-- forked_from_id names that one, which may be gone. runs_event is true of a root that runs for its one event itself, as
-- the child did that it was forked from; any other root spawns a child for each of its events.
alter table executions
    add column forked_from_id text collate "C",
    add column runs_event boolean not null default false;

-- What holds an execution back can only be said where the workers' settings are known: how many executions of one owner
-- and of one flow may run (null: any number), and how many seconds without a beat make a worker a lost one.
alter table workers
    add column owner_limit integer,
    add column flow_limit integer,
    add column lease float8 not null default 10;
