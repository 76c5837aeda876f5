-- name: take_over
-- Let execution $1, which was made in this transaction, begin with the ends of nodes that were taken over from execution
-- $2, what they wrote to streams, and the large values of that one's tree that it refers to. $3 has the types, $4 the
-- nodes and $5 the data of the events, in order, $6 the ids of the large values. Gives no row if execution $2 is gone.
with original as (
    select root_id from executions where id = $2
), fork as (
    select id, date_trunc('milliseconds', created_at) as created_at from executions, original where id = $1
), taken as (
    insert into execution_events (execution_id, index, type, node_id, timestamp, data)
    select fork.id, event.number - 1, event.type, event.node_id, fork.created_at, event.data
    from fork, unnest($3::text[], $4::text[], $5::text[]) with ordinality as event (type, node_id, data, number)
), copied as (
    insert into payloads (root_id, id, text)
    select fork.id, payloads.id, payloads.text
    from fork, original join payloads on payloads.root_id = original.root_id
    where payloads.id = any($6::text[])
    on conflict do nothing
)
update execution_heads set last_index = cardinality($3::text[]) - 1
from fork
where execution_id = fork.id
returning last_index;
