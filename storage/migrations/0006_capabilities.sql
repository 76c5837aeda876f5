-- Which worker can run what: each version says what it relies on in the ports of its node types, each execution in which
-- format its log is, and each worker what it has found that it cannot run.

-- JSON, a digest by node type; null for a version that was stored before digests were.
alter table flow_versions add column node_types text;

alter table executions add column log_format smallint not null default 1;

-- The queue knows it too, so that a worker passes over what it cannot run without looking anywhere else.
alter table queue add column flow_version integer, add column log_format smallint;
update queue q set flow_version = e.flow_version, log_format = e.log_format
from executions e where e.id = q.execution_id;
alter table queue alter column flow_version set not null, alter column log_format set not null;

drop index queue_ready_by_flow;
create index queue_ready_by_flow on queue (owner_id, flow_id, flow_version, log_format, priority desc, ready_at)
    where worker_id is null;

-- False for the worker of a single execution, which never looks for another.
alter table workers add column takes_work boolean not null default true;

-- What a worker cannot run, and why. It goes with its worker.
create table declined (
    worker_id text collate "C" not null references workers (id) on delete cascade,
    flow_id text collate "C" not null,
    flow_version integer not null,
    log_format smallint not null,
    reason text not null,
    primary key (worker_id, flow_id, flow_version, log_format)
);
