-- name: remember
-- Keep where executions $1 of the tree of $2 (seq $3 is 0), or their commands $3, came from.
insert into traces (execution_id, root_id, seq, traceparent)
select id, $2, $3, $4 from unnest($1::text[]) as each (id)
on conflict do nothing;

-- name: origin
-- Where execution $1 came from, or else the root of its tree, $2.
select traceparent from traces where execution_id in ($1, $2) and seq = 0 order by execution_id = $1 desc limit 1;

-- name: origins_of_commands
-- Where commands $2 of execution $1 came from.
select seq, traceparent from traces where execution_id = $1 and seq = any ($2::integer[]) and seq > 0;
