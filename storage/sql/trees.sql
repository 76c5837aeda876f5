-- name: tree_snapshot
-- What has no place yet in the log of tree $1, all of it seen at one time: a row for each log that has grown and for each
-- thing that it says of a child, and the length of the tree log beside them; one row without a log if none has grown, no
-- row if there is no such tree. A child that is new is found by what its parent says, because both are one commit.
-- (Each log is looked up by itself: Postgres takes a tree for large and would rather go through all logs there are.)
with recursive known as (
    select execution_id, covered from tree_members where root_id = $1 and not ended
    union all
    select $1, -2 where not exists (select from tree_members where root_id = $1 and execution_id = $1)
),
grown as (
    select h.execution_id, k.covered, h.last_index
    from known k
    cross join lateral (
        select * from execution_heads where execution_id = k.execution_id and last_index > k.covered offset 0
    ) h
    union all
    select h.execution_id, -2, h.last_index
    from grown g
    cross join lateral (
        select data::json ->> 'childExecutionId' as child_id
        from execution_events
        where execution_id = g.execution_id and index > g.covered and index <= g.last_index
            and type = 'CHILD_EXECUTION_SPAWNED'
            and type in ('CHILD_EXECUTION_SPAWNED', 'CHILD_EXECUTION_COMPLETED', 'CHILD_EXECUTION_FAILED')
        offset 0
    ) spawned
    cross join lateral (select * from execution_heads where execution_id = spawned.child_id offset 0) h
)
select tree.length, g.execution_id, x.parent_id, g.covered, g.last_index, x.ended, said.index, said.type, said.child_id
from (
    select r.id, coalesce(h.length, 0) as length
    from executions r left join tree_heads h on h.root_id = r.id
    where r.id = $1
) tree
left join grown g on true
left join lateral (
    select parent_id, depth, completed_at is not null as ended from executions where id = g.execution_id offset 0
) x on true
left join lateral (
    select index, type, data::json ->> 'childExecutionId' as child_id
    from execution_events
    where execution_id = g.execution_id and index > g.covered and index <= g.last_index
        and type in ('CHILD_EXECUTION_SPAWNED', 'CHILD_EXECUTION_COMPLETED', 'CHILD_EXECUTION_FAILED')
    offset 0
) said on true
order by x.depth, g.execution_id, said.index;

-- name: extend_tree
-- Give events of tree $1 their places, if its log still has length $2; its new length is $3. Parameters: the stamp ($4),
-- arrays of ranges ($5–$8), arrays of the members that have grown ($9–$11). Gives a row if it was done.
with moved as (
    insert into tree_heads as h (root_id, length) values ($1, $3)
    on conflict (root_id) do update set length = excluded.length where h.length = $2
    returning root_id
),
placed as (
    insert into tree_log (root_id, seq, stamp, execution_id, from_index, to_index)
    select m.root_id, r.seq, $4, r.execution_id, r.from_index, r.to_index
    from moved m, unnest($5::bigint[], $6::text[], $7::integer[], $8::integer[])
        as r (seq, execution_id, from_index, to_index)
),
covered as (
    insert into tree_members (root_id, execution_id, covered, ended)
    select m.root_id, g.execution_id, g.covered, g.ended
    from moved m, unnest($9::text[], $10::integer[], $11::boolean[]) as g (execution_id, covered, ended)
    on conflict (root_id, execution_id) do update set covered = excluded.covered, ended = excluded.ended
)
select root_id from moved;

-- name: stamp_before
-- The stamp of the event before place $2 in the log of tree $1; no row if the log is shorter than that.
select stamp
from (select * from tree_log where root_id = $1 and seq < $2 order by seq desc limit 1) as newest
where seq + to_index - from_index + 1 >= $2;

-- name: read_tree
-- A page of the log of tree $1 from place $2 on that ends after $3 events, or with the one that makes it $4 bytes.
select execution_id, index, type, timestamp, data, depth, parent_id, place, stamp, size
from (
    select *, sum(octet_length(data)) over (order by place) as size
    from (
        select e.execution_id, e.index, e.type, e.timestamp, e.data, x.depth, x.parent_id, r.stamp,
            r.seq + e.index - r.from_index as place
        from (
            select * from tree_log
            where root_id = $1 and seq < $2::bigint + $3
                and seq >= (select coalesce(max(seq), 0) from tree_log where root_id = $1 and seq <= $2::bigint)
            offset 0
        ) r
        cross join lateral (select depth, parent_id from executions where id = r.execution_id offset 0) x
        cross join lateral (
            select * from execution_events
            where execution_id = r.execution_id
                and index >= r.from_index + greatest($2::bigint - r.seq, 0)
                and index <= least(r.to_index, r.from_index + $2::bigint + $3 - 1 - r.seq)
            offset 0
        ) e
    ) as rows
) as sized
where size - octet_length(data) < $4
order by place;

-- name: open_members
-- The members of tree $1 whose end has no place yet, and how far their logs have theirs.
select execution_id, covered from tree_members where root_id = $1 and not ended;

-- name: tree_news
-- Of each of trees $1 that is there: how long its log is, and whether something has no place in it yet.
select x.id as root_id, coalesce(h.length, 0) as length,
    h.root_id is null or exists (
        select from tree_members m
        cross join lateral (
            select from execution_heads where execution_id = m.execution_id and last_index > m.covered offset 0
        ) grown
        where m.root_id = h.root_id and not m.ended
    ) as has_news
from executions x left join tree_heads h on h.root_id = x.id
where x.id = any ($1::text[]);

-- name: whole_tree
-- The executions of tree $1, parents before their children, and which of them have not ended.
select id, parent_id, depth, completed_at is null as is_open from executions where root_id = $1 order by depth;
