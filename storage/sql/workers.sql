-- name: register
-- Enter a worker; $5 says whether it looks for work, $6 and $7 how many executions of an owner and of a flow may run, $8
-- is its lease in seconds.
insert into workers (id, host, pid, concurrency, takes_work, owner_limit, flow_limit, lease)
values ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: beat
-- Count one beat; no row means that the worker was given up and must stop.
update workers set beat = beat + 1, beat_at = clock_timestamp() where id = $1
returning clock_timestamp() as now;

-- name: remove
-- Take a worker out, if it has not beaten since $2 (null: in any case).
delete from workers where id = $1 and ($2::bigint is null or beat = $2) returning id;

-- name: beats
-- Every worker's beat.
select id, beat from workers;

-- name: last_beat
-- Seconds since the last beat of any worker; null if there is none.
select extract(epoch from clock_timestamp() - max(beat_at))::float8 from workers;

-- name: orphaned
-- Workers that hold executions though they are not entered.
select distinct q.worker_id from queue q
where q.worker_id is not null and not exists (select from workers w where w.id = q.worker_id);
