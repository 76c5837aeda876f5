-- name: figures
-- How much there is to do, over all processes. What may be many is counted up to $1, so that this is cheap however much
-- waits. (Each order is that of an index, which without it would not be taken: most of the mailbox is applied.)
with ready as (
    select count(*) as count, min(ready_at) as since
    from (
        select ready_at from queue where worker_id is null order by owner_id, priority desc, ready_at limit $1
    ) q
),
held as (
    select count(*) as count from (select from queue where worker_id is not null order by worker_id limit $1) q
),
unapplied as (
    select min(accepted_at) as since
    from (select accepted_at from mailbox where not applied order by execution_id, seq limit $1) m
),
working as (
    select count(*) as count, coalesce(sum(concurrency), 0)::integer as slots, max(beat_at) as beat_at
    from workers where takes_work
)
select
    ready.count as ready,
    coalesce(extract(epoch from clock_timestamp() - ready.since), 0)::float8 as oldest_ready_seconds,
    held.count as held,
    coalesce(extract(epoch from clock_timestamp() - unapplied.since), 0)::float8 as oldest_command_seconds,
    greatest(coalesce(extract(epoch from clock_timestamp() - (select min(due_at) from timers)), 0), 0)::float8
        as overdue_timer_seconds,
    working.count as workers,
    working.slots,
    extract(epoch from clock_timestamp() - working.beat_at)::float8 as beat_age_seconds
from ready, held, unapplied, working;

-- name: executions_by_status
-- How many executions are in each status. A table of up to $1 bytes is counted; a larger one is estimated from what the
-- last analysis of the table saw, which costs nothing however many there are.
select status, count(*)::float8 as count from executions
where (select pg_relation_size('executions') <= $1)
group by status
union all
select value, greatest(c.reltuples, 0) * frequency
from pg_class c, pg_stats s,
    unnest(s.most_common_vals::text::text[], s.most_common_freqs) as common (value, frequency)
where c.oid = 'executions'::regclass and s.tablename = 'executions' and s.attname = 'status'
    and s.schemaname = current_schema() and pg_relation_size('executions') > $1;
