-- Forks: executions that begin with what another one has completed.

-- forked_from_id names that one, which may be gone. runs_event is true of a root that runs for its one event itself, as
-- the child did that it was forked from; any other root spawns a child for each of its events.
alter table executions
    add column forked_from_id text collate "C",
    add column runs_event boolean not null default false;
