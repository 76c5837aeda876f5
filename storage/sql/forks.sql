-- name: take_over
-- Let execution $1, which was made in this transaction, begin with the ends of nodes that were taken over from execution
-- $2, and with the large values of that one's tree that it refers to. $3 has the nodes and $4 the events' data, in the
-- order of the log, $5 the ids of the large values. Gives no row if execution $2 is gone.
with original as (
    select root_id from executions where id = $2
), fork as (
    select id, date_trunc('milliseconds', created_at) as created_at from executions, original where id = $1
), completed as (
    insert into execution_events (execution_id, index, type, node_id, timestamp, data)
    select fork.id, taken.number - 1, 'NODE_COMPLETED', taken.node_id, fork.created_at, taken.data
    from fork, unnest($3::text[], $4::text[]) with ordinality as taken (node_id, data, number)
), copied as (
    insert into payloads (root_id, id, text)
    select fork.id, payloads.id, payloads.text
    from fork, original join payloads on payloads.root_id = original.root_id
    where payloads.id = any($5::text[])
    on conflict do nothing
)
update execution_heads set last_index = cardinality($3::text[]) - 1
from fork
where execution_id = fork.id
returning last_index;
