-- name: read_events
-- A page of one execution's log that ends after $3 events, or with the one that makes it 8 MiB; $4 is the kinds that are
-- wanted, or null for all. `follows` says that an event is not the last of those.
select execution_id, index, type, timestamp, data, follows
from (
    select *, row_number() over in_order as place, sum(octet_length(data)) over in_order as size,
        lead(index) over in_order is not null as follows
    from (
        select execution_id, index, type, timestamp, data
        from execution_events
        where execution_id = $1 and index >= $2 and coalesce(type = any($4::text[]), true)
        order by index
        limit $3 + 1
    ) as next
    window in_order as (order by index)
) as sized
where place <= $3 and size - octet_length(data) < 8 * 1024 * 1024
order by index;

-- name: read_chunks
-- The next $4 events of what node $2 has written to its streams, from an index on.
select execution_id, index, type, timestamp, data
from execution_events
where execution_id = $1 and node_id = $2 and type = 'NODE_OUTPUT_CHUNK' and index >= $3
order by index
limit $4;

-- name: read_page
-- A page of one execution's log that ends after $3 rows, or with the row that makes it $4 bytes. Sizes are known without
-- unpacking the data.
select execution_id, index, type, timestamp, data, size
from (
    select *, sum(octet_length(data)) over (order by index) as size
    from (select * from execution_events where execution_id = $1 and index >= $2 order by index limit $3) as rows
) as sized
where size - octet_length(data) < $4
order by index;

-- name: read_news
-- What is new in several logs at once: a page of each, from its own index on.
select page.*
from unnest($1::text[], $2::integer[]) as wanted (id, from_index)
cross join lateral (
    select execution_id, index, type, timestamp, data, size
    from (
        select *, sum(octet_length(data)) over (order by index) as size
        from (
            select * from execution_events
            where execution_id = wanted.id and index >= wanted.from_index
            order by index
            limit $3
        ) as rows
    ) as sized
    where size - octet_length(data) < $4
    order by index
) as page;

-- name: log_ends
-- The last index of each of these logs, and whether it has got its terminal event.
select heads.execution_id, heads.last_index, executions.completed_at is not null as ended
from execution_heads as heads
join executions on executions.id = heads.execution_id
where heads.execution_id = any($1::text[]);

-- name: notify
-- Say something on several channels.
select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as messages (channel, payload);
