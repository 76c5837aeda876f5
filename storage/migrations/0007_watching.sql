-- What those need who watch more than one execution: a tree as one ordered stream, and the roots that have not ended.

-- The order in which the events of a tree are given to whoever watches it, the same for all and for ever. Across a tree no
-- time and no sequence that a writer could take is safe: of two commits the later one may show the smaller number. So the
-- order is made afterwards, by readers: they see what is new in one snapshot, put it into an order in which no effect
-- comes before its cause, and write that down here. Nobody watches: nothing is written.

-- length is how many events of a tree have their place. A reader adds to a tree only if its length is still the one that
-- its snapshot showed, so that of several readers one wins and the others look again.
create table tree_heads (
    root_id text collate "C" primary key references executions (id) on delete cascade,
    length bigint not null
) with (fillfactor = 50);

-- How far the log of each member has its place. What has ended is never looked at again.
create table tree_members (
    root_id text collate "C" not null references tree_heads (root_id) on delete cascade,
    execution_id text collate "C" not null,
    covered integer not null,
    ended boolean not null,
    primary key (root_id, execution_id)
) with (fillfactor = 50);

create index open_tree_members on tree_members (root_id) include (execution_id) where not ended;

-- The events from_index to to_index of a member have the places seq, seq + 1 and so on. stamp is the same for what was
-- added together, and random: it tells an order that a failover has lost from the one that was made in its stead.
create table tree_log (
    root_id text collate "C" not null references tree_heads (root_id) on delete cascade,
    seq bigint not null,
    stamp integer not null,
    execution_id text collate "C" not null,
    from_index integer not null,
    to_index integer not null check (to_index >= from_index),
    primary key (root_id, seq)
);

-- What a parent says of its children, found without reading the rest of its log.
create index child_events on execution_events (execution_id, index)
    where type in ('CHILD_EXECUTION_SPAWNED', 'CHILD_EXECUTION_COMPLETED', 'CHILD_EXECUTION_FAILED');

-- Watched lists of roots are compared with it. A row comes with the creation and goes with the end: other changes of an
-- execution leave it alone.
create index unfinished_roots on executions (owner_id, id) where parent_id is null and completed_at is null;
