-- What is ready because somebody told it something (a client to stop, a child that it has ended) can be dealt with by a
-- worker all of whose places are taken: to record it no node has to run.

alter table queue add column is_urgent boolean not null default false;

create index queue_urgent on queue (ready_at) where worker_id is null and is_urgent;
