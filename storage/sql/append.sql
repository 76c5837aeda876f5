-- fragment: members
-- The members of a batch, and the heads of those that may write: whose token and index are right and which no command has
-- overtaken. Heads that somebody holds are passed over.
member as (
    select *
    from unnest(
        $1::text[], $2::uuid[], $3::integer[], $4::integer[], $5::uuid[], $6::integer[], $7::integer[], $8::integer[],
        $9::text[], $10::text[], $11::boolean[], $12::bigint[], $13::boolean[], $14::text[], $15::text[],
        $16::integer[], $17::integer[], $18::bigint[], $19::bigint[]
    ) as m (
        execution_id, token, expected_index, last_index, append_id, seen, consumed, acknowledged, status, new_status,
        release, wake_at, requeue, outputs, error, failed_node_count, failure_count, started_at, completed_at
    )
),
locked as (
    select h.execution_id, h.lost_alone
    from member m join execution_heads h on h.execution_id = m.execution_id
    where h.token = m.token and h.last_index = m.expected_index and (m.seen is null or h.mailbox_seq = m.seen)
    for no key update of h skip locked
),

-- fragment: writing
-- What every member that is `permitted` writes.
owned as (
    update execution_heads h
    set last_index = m.last_index,
        append_id = m.append_id,
        accepted_status = case when h.mailbox_seq <= m.acknowledged then m.status else h.accepted_status end,
        token = case when m.release then null else h.token end,
        worker_id = case when m.release then null else h.worker_id end,
        claimed_at = case when m.release then null else h.claimed_at end,
        lost_worker_id = case when m.last_index = m.expected_index then h.lost_worker_id end,
        lost_alone = case when m.last_index = m.expected_index then h.lost_alone end,
        updated_at = clock_timestamp()
    from permitted l join member m on m.execution_id = l.execution_id
    where h.execution_id = l.execution_id
    returning m.*, h.mailbox_seq
),
event_rows as (
    insert into execution_events (execution_id, index, type, node_id, timestamp, data)
    select e.execution_id, e.index, e.type, e.node_id, to_timestamp(e.at / 1000.0), e.data
    from unnest($20::text[], $21::integer[], $22::text[], $23::text[], $24::bigint[], $25::text[])
        as e (execution_id, index, type, node_id, at, data)
    join owned o on o.execution_id = e.execution_id
),
payload_rows as (
    insert into payloads (root_id, id, text)
    select e.root_id, p.id, p.text
    from unnest($26::text[], $27::text[], $28::text[]) as p (execution_id, id, text)
    join owned o on o.execution_id = p.execution_id
    join executions e on e.id = p.execution_id
    order by e.root_id, p.id
    on conflict do nothing
),
projected as (
    update executions x
    set status = coalesce(o.new_status, x.status),
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
    where x.id = o.execution_id and (o.new_status is not null or o.failure_count is not null)
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
    update queue q
    set worker_id = null, ready_at = clock_timestamp(), is_urgent = o.mailbox_seq > o.acknowledged
    from owned o
    where q.execution_id = o.execution_id and o.release and o.requeue
),
timed as (
    insert into timers (execution_id, due_at)
    select o.execution_id, to_timestamp(o.wake_at / 1000.0) from owned o where o.release and o.wake_at is not null
    on conflict (execution_id) do update set due_at = excluded.due_at
)

-- fragment: verdicts
-- What became of the members that wrote nothing.
when h.token is distinct from m.token or h.last_index <> m.expected_index then 'lost'
when m.seen is not null and h.mailbox_seq <> m.seen then 'interrupted'
else 'busy'

-- name: append
-- The only statement that writes events; `append_in_family` is the same for members that have to do with their families.
-- Each member is one execution's append; it is written whole or not at all, and one that is lost, busy or interrupted
-- holds up no other. Parameters: arrays, one element a member ($1–$19), then one an event ($20–$25), then one a payload
-- ($26–$28). Times are milliseconds since 1970. Gives a verdict for each member:
--   committed    written now, or by an earlier try of the same append whose answer was lost
--   lost         the claim's token is not the head's: another worker owns the execution
--   interrupted  the mailbox has commands beyond the last one seen, and this append must not overtake them
--   busy         somebody holds the head's row right now; send it again
with
-- include: members
permitted as (select execution_id from locked),
-- include: writing
select m.execution_id,
    case
        when o.execution_id is not null or h.append_id = m.append_id then 'committed'
        -- include: verdicts
    end as verdict
from member m
left join owned o on o.execution_id = m.execution_id
left join execution_heads h on h.execution_id = m.execution_id;

-- name: append_in_family
-- The append of members that spawn children, tell their families something, or act on what they were told. More
-- parameters: one element a member ($29–$32: how many descendants its root may have, what its children are told and with
-- what words, what its parent is told), the children as JSON ($33), one element a letter of an inbox that is acted on
-- ($34, $35). One more verdict:
--   over_budget  the root may not have so many descendants; of several that spawn in one tree, all are refused together
-- (Who is permitted, and whose children are born, is looked up in arrays: Postgres takes the children for a few, whose
-- number is not known, and would go through all of them for each.)
with
-- include: members
kin as (
    select * from unnest($1::text[], $29::integer[], $30::text[], $31::text[], $32::text[])
        as k (execution_id, child_limit, order_kind, order_body, report)
),
child as (
    select c.*, p.root_id, p.owner_id, p.priority, p.inputs as parents_inputs, p.port_values as parents_port_values,
        clock_timestamp() as born_at
    from json_to_recordset($33::json) as c (
        parent_id text, id text, flow_id text, flow_version integer, depth integer, inputs text, port_values text,
        options text, integration text, external_events text, spawned_by text, spawn_key text, created_event text,
        log_format smallint, is_born_paused boolean
    )
    join locked l on l.execution_id = c.parent_id
    join executions p on p.id = c.parent_id
),
wanted as (
    select c.root_id, count(*)::integer as children, min(k.child_limit) as child_limit
    from child c join kin k on k.execution_id = c.parent_id
    group by c.root_id
    order by c.root_id
),
budgeted as (
    insert into child_budgets as b (root_id, used)
    select root_id, children from wanted where children <= child_limit
    on conflict (root_id) do update set used = b.used + excluded.used
    where b.used + excluded.used <= (select w.child_limit from wanted w where w.root_id = excluded.root_id)
    returning root_id
),
permitted as (
    select execution_id from locked
    where execution_id <> all (array(
        select distinct parent_id from child where root_id <> all (array(select root_id from budgeted))
    ))
),
-- include: writing
,
born as (
    select * from child where parent_id = any (array(select execution_id from owned))
),
spawned as (
    insert into executions (
        id, flow_id, flow_version, owner_id, root_id, parent_id, depth, inputs, port_values, options, integration,
        external_events, priority, spawned_by, spawn_key, log_format, created_at, updated_at
    )
    select id, flow_id, flow_version, owner_id, root_id, parent_id, depth, coalesce(inputs, parents_inputs),
        coalesce(port_values, parents_port_values), options, integration, external_events, priority, spawned_by,
        spawn_key, log_format, born_at, born_at
    from born
),
child_heads as (
    insert into execution_heads (execution_id, mailbox_seq, accepted_status, updated_at)
    select id, 1, 'RUNNING', born_at from born
),
child_events as (
    insert into execution_events (execution_id, index, type, timestamp, data)
    select id, -1, 'EXECUTION_CREATED', born_at, created_event from born
),
child_starts as (
    insert into mailbox (execution_id, seq, command) select id, 1, 'START' from born
),
child_places as (
    insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority)
    select id, owner_id, flow_id, flow_version, log_format, priority from born
),
told as (
    insert into inbox (execution_id, kind, body)
    select id, 'PAUSE', null from born where is_born_paused
    union all
    select x.id, k.order_kind, k.order_body
    from owned o
    join kin k on k.execution_id = o.execution_id
    join executions x on x.parent_id = o.execution_id
    where k.order_kind is not null and x.completed_at is null
    union all
    select x.parent_id, 'CHILD_ENDED', k.report
    from owned o
    join kin k on k.execution_id = o.execution_id
    join executions x on x.id = o.execution_id
    where k.report is not null and x.parent_id is not null
),
acted_on as (
    delete from inbox i
    using unnest($34::text[], $35::bigint[]) as letter (execution_id, id), owned o
    where i.execution_id = letter.execution_id and i.id = letter.id and o.execution_id = letter.execution_id
        and o.completed_at is null
),
left_unread as (
    delete from inbox i using owned o where i.execution_id = o.execution_id and o.completed_at is not null
)
select m.execution_id,
    case
        when o.execution_id is not null or h.append_id = m.append_id then 'committed'
        when l.execution_id is not null then 'over_budget'
        -- include: verdicts
    end as verdict
from member m
left join locked l on l.execution_id = m.execution_id
left join owned o on o.execution_id = m.execution_id
left join execution_heads h on h.execution_id = m.execution_id;
