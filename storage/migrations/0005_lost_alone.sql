-- How the process of lost_worker_id died, in words, if it ran nothing but this execution and its host saw it die. Null for
-- a worker that was only silent, which says nothing about what it ran.
alter table execution_heads add column lost_alone text;
