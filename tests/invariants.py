"""What must hold of the tables at any time, read from the tables alone and not by asking the code under test.

I2: logs without gap or repeat. I3: nothing done twice. I5: commands applied once and in order. I8: all has ended. I11:
the projection equals the fold of the log. I12: no node starts in a pause. I13: a child and the log of its parent agree.
I14: payloads resolve. I15: budgets are kept. OWN: who holds an execution is said the same way by its head and by the
queue, and nothing that can go on is forgotten.
"""

from collections.abc import Mapping

from storage.pool import Connection

VIOLATIONS: Mapping[str, str] = {
    "I2: the indices of a log run from -1 to its head's last one": """
        select execution_id from execution_heads h
        where (select array_agg(index order by index) from execution_events e where e.execution_id = h.execution_id)
            is distinct from (select array_agg(n order by n) from generate_series(-1, h.last_index) n)
        """,
    "I2: every log has a head": """
        select distinct execution_id from execution_events e
        where not exists (select from execution_heads h where h.execution_id = e.execution_id)
        """,
    "I2: no event is older than the one before it": """
        select later.execution_id, later.index from execution_events earlier join execution_events later
            on later.execution_id = earlier.execution_id and later.index = earlier.index + 1
        where later.timestamp < earlier.timestamp and earlier.index >= 0
        """,
    "I2: EXECUTION_CREATED is the first event and only that": """
        select execution_id, index from execution_events where (type = 'EXECUTION_CREATED') <> (index = -1)
        """,
    "I2: a terminal event is the last": """
        select e.execution_id, e.index from execution_events e join execution_heads h using (execution_id)
        where e.type in ('FLOW_COMPLETED', 'FLOW_FAILED', 'FLOW_CANCELLED') and e.index < h.last_index
        """,
    "I3: no node completes twice": """
        select execution_id, node_id, max(index) from execution_events where type = 'NODE_COMPLETED'
        group by execution_id, node_id having count(*) > 1
        """,
    "I3: the attempts of a node count up from 1": """
        select execution_id, node_id, index from (
            select execution_id, node_id, index, (data::json ->> 'attempt')::integer as attempt,
                row_number() over (partition by execution_id, node_id order by index) as number
            from execution_events where type = 'NODE_STARTED') started
        where attempt <> number
        """,
    "I3: only a fork takes nodes over, before its start": """
        select e.execution_id, e.index from execution_events e join executions x on x.id = e.execution_id
        where e.type = 'NODE_COMPLETED' and ((data::json ->> 'attempt')::integer = 0) is distinct from (
            x.forked_from_id is not null and not exists (select from execution_events s
                where s.execution_id = x.id and s.type = 'FLOW_STARTED' and s.index < e.index))
        """,
    "I3: what was taken over does not run": """
        select s.execution_id, s.index from execution_events s join execution_events e using (execution_id, node_id)
        where s.type = 'NODE_STARTED' and e.type = 'NODE_COMPLETED' and (e.data::json ->> 'attempt')::integer = 0
        """,
    "I3: a flow starts once": """
        select execution_id, max(index) from execution_events where type = 'FLOW_STARTED'
        group by execution_id having count(*) > 1
        """,
    "I5: the letters of a mailbox count up from 1 to its head's last one": """
        select execution_id from execution_heads h
        where coalesce((select array_agg(seq order by seq) from mailbox m where m.execution_id = h.execution_id), '{}')
            <> coalesce((select array_agg(n order by n) from generate_series(1, h.mailbox_seq) n), '{}')
        """,
    "I5: letters are applied in order": """
        select later.execution_id, later.seq from mailbox earlier join mailbox later using (execution_id)
        where later.applied and not earlier.applied and earlier.seq < later.seq
        """,
    "I5: nothing is left in the mailbox of what has ended": """
        select execution_id, seq from mailbox join executions e on e.id = execution_id
        where not applied and e.completed_at is not null
        """,
    "I5: an applied START is acknowledged by an event": """
        select execution_id from mailbox m where applied and command = 'START' and not exists (
            select from execution_events e where e.execution_id = m.execution_id
            and e.type in ('FLOW_STARTED', 'FLOW_FAILED', 'FLOW_CANCELLED'))
        """,
    "I5: an applied STOP is acknowledged by the end": """
        select execution_id from mailbox m where applied and command = 'STOP' and not exists (
            select from execution_events e where e.execution_id = m.execution_id
            and e.type in ('FLOW_CANCELLED', 'FLOW_FAILED'))
        """,
    "I5: nobody is paused, resumed or stepped more often than it was asked for": """
        select x.id, e.type, count(*) from executions x join execution_events e on e.execution_id = x.id
        where x.parent_id is null and e.type in ('FLOW_PAUSED', 'FLOW_RESUMED', 'FLOW_STEPPED')
        group by x.id, e.type
        having count(*) > (select count(*) from mailbox m where m.execution_id = x.id and m.applied
            and m.command = case e.type
                when 'FLOW_PAUSED' then 'PAUSE' when 'FLOW_RESUMED' then 'RESUME' else 'STEP' end)
        """,
    "I11: the status is what the log says": """
        select x.id, x.status from executions x
        where x.status <> coalesce((
            select case type when 'FLOW_COMPLETED' then 'COMPLETED' when 'FLOW_FAILED' then 'FAILED'
                when 'FLOW_CANCELLED' then 'STOPPED' when 'FLOW_PAUSED' then 'PAUSED'
                when 'DEBUG_BREAKPOINT_HIT' then 'PAUSED' else 'RUNNING' end
            from execution_events e where e.execution_id = x.id and e.type in ('FLOW_STARTED', 'FLOW_PAUSED',
                'FLOW_RESUMED', 'DEBUG_BREAKPOINT_HIT', 'FLOW_COMPLETED', 'FLOW_FAILED', 'FLOW_CANCELLED')
            order by index desc limit 1), 'CREATED')
        """,
    "I11: the times are those of the events": """
        select x.id from executions x
        where x.started_at is distinct from (
                select timestamp from execution_events e where e.execution_id = x.id and e.type = 'FLOW_STARTED')
            or x.completed_at is distinct from (
                select timestamp from execution_events e where e.execution_id = x.id
                and e.type in ('FLOW_COMPLETED', 'FLOW_FAILED', 'FLOW_CANCELLED'))
        """,
    "I11: the outputs and the error are those of the terminal event": """
        select x.id from executions x
        where x.outputs is distinct from (select (data::json -> 'outputs')::text from execution_events e
                where e.execution_id = x.id and e.type = 'FLOW_COMPLETED')
            or x.error is distinct from (select (data::json -> 'error')::text from execution_events e
                where e.execution_id = x.id and e.type = 'FLOW_FAILED')
        """,
    "I11: lost workers are counted as the log counts them": """
        select x.id, x.failure_count from executions x
        where x.failure_count <> coalesce((select max((data::json ->> 'failureCount')::integer)
            from execution_events e where e.execution_id = x.id and e.type = 'EXECUTION_RECOVERED'), 0)
        """,
    "I11: once all commands are applied, the accepted status is the status": """
        select x.id, x.status, h.accepted_status from executions x join execution_heads h on h.execution_id = x.id
        where x.status <> h.accepted_status
            and not exists (select from mailbox m where m.execution_id = x.id and not m.applied)
        """,
    "I12: no node starts between a pause and its end but by a step": """
        select n.execution_id, n.index from execution_events n
        where n.type = 'NODE_STARTED' and (
            select e.type from execution_events e where e.execution_id = n.execution_id and e.index < n.index
            and e.type in ('FLOW_STARTED', 'FLOW_PAUSED', 'DEBUG_BREAKPOINT_HIT', 'FLOW_RESUMED', 'FLOW_STEPPED')
            order by e.index desc limit 1) in ('FLOW_PAUSED', 'DEBUG_BREAKPOINT_HIT')
        """,
    "I13: a child that a log speaks of is there": """
        select e.execution_id, e.index from execution_events e
        where e.type = 'CHILD_EXECUTION_SPAWNED' and not exists (
            select from executions x
            where x.id = e.data::json ->> 'childExecutionId' and x.parent_id = e.execution_id)
        """,
    "I13: the log of its parent speaks of each child, and once of each end": """
        select x.parent_id, x.id from executions x where x.parent_id is not null and (
            (select count(*) from execution_events e where e.execution_id = x.parent_id
                and e.type = 'CHILD_EXECUTION_SPAWNED' and e.data::json ->> 'childExecutionId' = x.id) <> 1
            or (select count(*) from execution_events e where e.execution_id = x.parent_id
                and e.type in ('CHILD_EXECUTION_COMPLETED', 'CHILD_EXECUTION_FAILED')
                and e.data::json ->> 'childExecutionId' = x.id) > 1)
        """,
    "I13: a child of what has ended has ended, or is told to stop": """
        select x.id, x.parent_id from executions x join executions parent on parent.id = x.parent_id
        where parent.completed_at is not null and x.completed_at is null
            and not exists (select from inbox i where i.execution_id = x.id and i.kind = 'STOP')
        """,
    "I14: the payloads that events refer to are there": """
        select e.execution_id, e.index from execution_events e join executions x on x.id = e.execution_id,
            regexp_matches(e.data, '"\\$payload":\\{"id":"([0-9a-f]{64})"', 'g') as found
        where not exists (select from payloads p where p.root_id = x.root_id and p.id = found[1])
        """,
    "I15: a root has as many descendants as are counted, and no more than it may": """
        select x.id, x.options::json ->> 'maxChildren', b.used, found.descendants
        from executions x left join child_budgets b on b.root_id = x.id,
            lateral (select count(*) as descendants from executions d where d.root_id = x.id and d.id <> x.id) found
        where x.parent_id is null and (found.descendants <> coalesce(b.used, 0)
            or found.descendants > coalesce((x.options::json ->> 'maxChildren')::integer, found.descendants))
        """,
    "OWN: what a worker holds is in the queue under its name": """
        select h.execution_id, h.worker_id, q.worker_id from execution_heads h left join queue q using (execution_id)
        where h.token is not null and q.worker_id is distinct from h.worker_id
        """,
    "OWN: what nobody holds is in the queue without a name": """
        select q.execution_id from queue q left join execution_heads h using (execution_id)
        where h.token is null and q.worker_id is not null
        """,
    "OWN: what has ended is held by nobody, queued nowhere, and waits for nothing": """
        select x.id from executions x join execution_heads h on h.execution_id = x.id
        where x.completed_at is not null and (h.token is not null
            or exists (select from queue q where q.execution_id = x.id)
            or exists (select from timers t where t.execution_id = x.id))
        """,
    "OWN: what nobody holds is queued, or waits for a time or a child, or is paused, or has ended": """
        select x.id from executions x join execution_heads h on h.execution_id = x.id
        where x.completed_at is null and x.status <> 'PAUSED' and h.token is null
            and not exists (select from queue q where q.execution_id = x.id)
            and not exists (select from timers t where t.execution_id = x.id)
            and not exists (select from executions c where c.parent_id = x.id and c.completed_at is null)
        """,
    "OWN: what nobody holds and has a command to apply is queued, or set aside for a time": """
        select m.execution_id from mailbox m join execution_heads h using (execution_id)
        where not m.applied and h.token is null
            and not exists (select from queue q where q.execution_id = m.execution_id)
            and not exists (select from timers t where t.execution_id = m.execution_id and due_at
                < clock_timestamp() + interval '31 seconds')
        """,
}
"""Each invariant with the query that finds what breaks it."""


AT_REST: Mapping[str, str] = {
    "I8: every execution has ended": "select id, status from executions where completed_at is null",
    "I13: nobody is left with a word of its family": """
        select i.execution_id, i.kind from inbox i join executions x on x.id = i.execution_id
        where x.completed_at is null
        """,
}
"""What must hold besides once everything that was begun should have ended."""


async def violations(connection: Connection, invariants: Mapping[str, str] = VIOLATIONS) -> list[str]:
    """What is broken now, in one snapshot: one line for each invariant that is, with the first rows that break it.

    A row begins with the execution; where an invariant is about events, their index is in it.
    """
    found = []
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for invariant, query in invariants.items():
            rows = await connection.fetch(f"{query} limit 3")
            if rows:
                found.append(f"{invariant}: not so for {[tuple(row) for row in rows]}")
    return found


async def check_invariants(connection: Connection) -> None:
    """Fail the test that broke an invariant."""
    found = await violations(connection)
    assert not found, "\n".join(found)
