-- The queue knows the flow of each execution, so that limits for flows can be judged without looking anywhere else.

alter table queue add column flow_id text collate "C";
update queue q set flow_id = e.flow_id from executions e where e.id = q.execution_id;
alter table queue alter column flow_id set not null;

create index queue_ready_by_flow on queue (owner_id, flow_id, priority desc, ready_at) where worker_id is null;

-- The same index as before, from which it can also be counted how many executions of an owner or a flow are held.
drop index queue_held;
create index queue_held on queue (worker_id) include (owner_id, flow_id) where worker_id is not null;
