-- name: read_events
-- A page of one execution's log; $4 is the kinds that are wanted, or null for all.
select execution_id, index, type, timestamp, data
from execution_events
where execution_id = $1 and index >= $2 and ($4::text[] is null or type = any($4))
order by index
limit $3;

-- name: read_news
-- What is new in several logs at once: up to $3 rows of each, from its own index on.
select events.execution_id, events.index, events.type, events.timestamp, events.data
from unnest($1::text[], $2::integer[]) as wanted (execution_id, from_index)
cross join lateral (
    select * from execution_events
    where execution_id = wanted.execution_id and index >= wanted.from_index
    order by index
    limit $3
) as events;

-- name: log_ends
-- The last index of each of these logs, and whether it has got its terminal event.
select heads.execution_id, heads.last_index, executions.completed_at is not null as ended
from execution_heads as heads
join executions on executions.id = heads.execution_id
where heads.execution_id = any($1::text[]);

-- name: notify
-- Say something on several channels.
select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as messages (channel, payload);
