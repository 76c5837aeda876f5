-- name: now
-- The time by which schedules are due.
select clock_timestamp();

-- name: lock_owner
-- Let one schedule of an owner be made after the other, until this transaction ends.
select pg_advisory_xact_lock(hashtextextended('schedules of ' || $1, 0));

-- name: count_of_owner
-- How many schedules an owner has.
select count(*) from schedules where owner_id = $1;

-- name: create_schedule
-- Make a schedule of a flow that is there. Gives no row if the flow is gone.
with flow as (
    select id from flows where id = $2 and deleted_at is null for key share
)
insert into schedules (id, flow_id, owner_id, cron, time_zone, catch_up, inputs, next_fire_at)
select $1, flow.id, $3, $4, $5, $6, $7, $8 from flow
returning *;

-- name: schedules_by_id
-- The schedules among these ids, whoever owns them.
select * from schedules where id = any ($1::text[]);

-- name: list_schedules
-- The schedules of the flows that user $1 may see, newest first.
select * from schedules
where id < $2 and flow_id in (select a.flow_id from flow_access a where a.user_id = $1)
order by id desc
limit $3;

-- name: list_all_schedules
-- All schedules, newest first, whoever user $1 is.
select * from schedules where $1::text is not null and id < $2 order by id desc limit $3;

-- name: list_schedules_of_flow
-- The schedules of flow $1, newest first.
select * from schedules where flow_id = $1 and id < $2 order by id desc limit $3;

-- name: pause_schedule
-- Let a schedule be due no more; what it has missed is gone.
update schedules set paused = true, next_fire_at = null, caught_up = 0 where id = $1 returning *;

-- name: resume_schedule
-- Let a paused schedule be due again, next at $2; one that is not paused stays as it is.
update schedules
set paused = false, next_fire_at = case when paused then $2 else next_fire_at end
where id = $1
returning *;

-- name: delete_schedule
-- Take a schedule out.
delete from schedules where id = $1;

-- name: due_schedules
-- The schedules that are due, but those in $2, the longest due first, with their flows as they are now. (The time is
-- asked for once: clock_timestamp() is volatile, so that it would be compared with every schedule.)
select schedules.*, flows.latest_version, flows.name as flow_name, clock_timestamp() as now,
    exists (
        select from flow_access a
        where a.flow_id = schedules.flow_id and a.user_id = schedules.owner_id and a.level >= 2 offset 0
    ) as may_run
from schedules
join flows on flows.id = schedules.flow_id
where schedules.next_fire_at <= (select clock_timestamp()) and schedules.id <> all ($2::text[])
order by schedules.next_fire_at
limit $1;

-- name: seconds_to_next
-- In how many seconds the next schedule is due, but those in $1; null if none ever is.
select extract(epoch from next_fire_at - clock_timestamp())::float8 from schedules
where next_fire_at is not null and id <> all ($1::text[])
order by next_fire_at
limit 1;

-- name: lock_due
-- Take a schedule that is still due at $2 and whose flow is still in version $3. What others hold is left to them: nothing
-- is waited for, so that nobody can wait in a circle.
select schedules.id from schedules
join flows on flows.id = schedules.flow_id
where schedules.id = $1 and schedules.next_fire_at = $2 and flows.latest_version = $3 and flows.deleted_at is null
for no key update of schedules skip locked
for key share of flows skip locked;

-- name: step
-- Let a schedule be due next at $2. It has fired for $3 with execution $4, if those are not null; $5 is what went wrong.
update schedules
set next_fire_at = $2,
    last_fire_at = coalesce($3, last_fire_at),
    last_execution_id = coalesce($4, last_execution_id),
    last_error = $5,
    caught_up = $6
where id = $1;

-- name: note_trouble
-- Say what keeps a schedule from firing; it stays due.
update schedules set last_error = $2 where id = $1 and last_error is distinct from $2;
