-- name: append
-- The only statement that writes events. Each member is one execution's append; it is written whole or not at all, and
-- one that is lost, busy or interrupted holds up no other. Parameters: arrays, one element a member ($1–$17), then one an
-- event ($18–$23), then one a payload ($24–$26). Times are milliseconds since 1970. Gives a verdict for each member:
--   committed    written now, or by an earlier try of the same append whose answer was lost
--   lost         the claim's token is not the head's: another worker owns the execution
--   interrupted  the mailbox has commands beyond the last one seen, and this append must not overtake them
--   busy         somebody holds the head's row right now; send it again
with member as (
    select *
    from unnest(
        $1::text[], $2::uuid[], $3::integer[], $4::integer[], $5::uuid[], $6::integer[], $7::integer[], $8::text[],
        $9::boolean[], $10::bigint[], $11::boolean[], $12::text[], $13::text[], $14::integer[], $15::integer[],
        $16::bigint[], $17::bigint[]
    ) as m (
        execution_id, token, expected_index, last_index, append_id, seen, consumed, status,
        release, wake_at, requeue, outputs, error, failed_node_count, failure_count, started_at, completed_at
    )
),
locked as (
    select h.execution_id, h.lost_alone
    from member m join execution_heads h on h.execution_id = m.execution_id
    where h.token = m.token and h.last_index = m.expected_index and (m.seen is null or h.mailbox_seq = m.seen)
    for no key update of h skip locked
),
owned as (
    update execution_heads h
    set last_index = m.last_index,
        append_id = m.append_id,
        accepted_status = case when m.status is not null and h.mailbox_seq <= m.consumed
            then m.status else h.accepted_status end,
        token = case when m.release then null else h.token end,
        worker_id = case when m.release then null else h.worker_id end,
        claimed_at = case when m.release then null else h.claimed_at end,
        lost_worker_id = case when m.last_index = m.expected_index then h.lost_worker_id end,
        lost_alone = case when m.last_index = m.expected_index then h.lost_alone end,
        updated_at = clock_timestamp()
    from locked l join member m on m.execution_id = l.execution_id
    where h.execution_id = l.execution_id
    returning m.*
),
event_rows as (
    insert into execution_events (execution_id, index, type, node_id, timestamp, data)
    select e.execution_id, e.index, e.type, e.node_id, to_timestamp(e.at / 1000.0), e.data
    from unnest($18::text[], $19::integer[], $20::text[], $21::text[], $22::bigint[], $23::text[])
        as e (execution_id, index, type, node_id, at, data)
    join owned o on o.execution_id = e.execution_id
),
payload_rows as (
    insert into payloads (root_id, id, text)
    select e.root_id, p.id, p.text
    from unnest($24::text[], $25::text[], $26::text[]) as p (execution_id, id, text)
    join owned o on o.execution_id = p.execution_id
    join executions e on e.id = p.execution_id
    order by e.root_id, p.id
    on conflict do nothing
),
projected as (
    update executions x
    set status = coalesce(o.status, x.status),
        updated_at = clock_timestamp(),
        started_at = coalesce(to_timestamp(o.started_at / 1000.0), x.started_at),
        completed_at = coalesce(to_timestamp(o.completed_at / 1000.0), x.completed_at),
        outputs = coalesce(o.outputs, x.outputs),
        error = coalesce(o.error, x.error),
        failed_node_count = coalesce(o.failed_node_count, x.failed_node_count),
        failure_count = coalesce(o.failure_count, x.failure_count),
        last_failure_at = case when o.failure_count > x.failure_count
            then clock_timestamp() else x.last_failure_at end,
        last_failure_reason = case when o.failure_count > x.failure_count
            then coalesce(l.lost_alone, 'The worker that ran it was lost.') else x.last_failure_reason end
    from owned o join locked l on l.execution_id = o.execution_id
    where x.id = o.execution_id and (o.status is not null or o.failure_count is not null)
),
acknowledged as (
    update mailbox b set applied = true
    from owned o
    where b.execution_id = o.execution_id and o.consumed > 0 and b.seq <= o.consumed and not b.applied
),
dequeued as (
    delete from queue q using owned o where q.execution_id = o.execution_id and o.release and not o.requeue
),
requeued as (
    update queue q set worker_id = null, ready_at = clock_timestamp()
    from owned o
    where q.execution_id = o.execution_id and o.release and o.requeue
),
timed as (
    insert into timers (execution_id, due_at)
    select o.execution_id, to_timestamp(o.wake_at / 1000.0) from owned o where o.release and o.wake_at is not null
    on conflict (execution_id) do update set due_at = excluded.due_at
)
select m.execution_id,
    case
        when o.execution_id is not null or h.append_id = m.append_id then 'committed'
        when h.token is distinct from m.token or h.last_index <> m.expected_index then 'lost'
        when m.seen is not null and h.mailbox_seq <> m.seen then 'interrupted'
        else 'busy'
    end as verdict
from member m
left join owned o on o.execution_id = m.execution_id
left join execution_heads h on h.execution_id = m.execution_id;
