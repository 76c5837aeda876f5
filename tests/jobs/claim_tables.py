"""The tables of a test database, as the machine of claims looks at them, moves them in time, and empties them."""

from collections.abc import Mapping
from typing import Any

from storage.pool import Connection
from tests.jobs.claim_model import ACKNOWLEDGED_BY, Execution

TICK_MS = 1_000_000
"""A tick is so long that a test, which takes none of it, never comes near its half."""

LOOK = """
select x.id, x.status, h.accepted_status as accepted, h.last_index, h.mailbox_seq, h.token, h.worker_id as holder,
    h.lost_worker_id as lost, h.append_id, q.execution_id is not null as is_queued, q.worker_id as queued_for,
    t.due_at <= clock_timestamp() as is_due,
    array(select type from execution_events e where e.execution_id = x.id order by index) as log,
    array(select command from mailbox m where m.execution_id = x.id order by seq) as mail,
    array(select seq from mailbox m where m.execution_id = x.id and applied order by seq) as applied
from executions x
join execution_heads h on h.execution_id = x.id
left join queue q on q.execution_id = x.id
left join timers t on t.execution_id = x.id
"""

PASS = "update timers set due_at = due_at - make_interval(secs => $1)"

ORDER = """
update queue q set ready_at = now() - make_interval(secs => n.place)
from (select execution_id, row_number() over (order by execution_id desc) as place from queue) n
where n.execution_id = q.execution_id
"""
"""Lets claims take the oldest first: what one statement has queued is in no order, and a test must be repeatable."""

EMPTY = """
delete from timers; delete from queue; delete from mailbox; delete from execution_events; delete from execution_heads;
delete from executions; delete from workers
"""


async def look(connection: Connection) -> dict[str, dict[str, Any]]:
    """Each execution with all that is kept of it, in one snapshot."""
    return {row["id"]: dict(row) for row in await connection.fetch(LOOK)}


async def pass_ticks(connection: Connection, ticks: int) -> None:
    """Let all timers be nearer."""
    await connection.execute(PASS, ticks * TICK_MS / 1000)


def expected(execution: Execution, tick: int) -> dict[str, Any]:
    """An execution of the model, as the tables have to show it."""
    return {
        "status": execution.status,
        "accepted": execution.accepted,
        "last_index": execution.last_index,
        "mailbox_seq": len(execution.mail),
        "token": execution.token,
        "holder": execution.holder,
        "lost": execution.lost,
        "append_id": execution.append_id,
        "is_queued": execution.is_queued,
        "queued_for": execution.holder,
        "is_due": None if execution.due is None else execution.due <= tick,
        "log": execution.log,
        "mail": execution.mail,
        "applied": list(range(1, execution.applied + 1)),
    }


def faults(row: Mapping[str, Any]) -> list[str]:
    """What is wrong with an execution whatever has happened, by the tables alone."""
    has_ended = row["status"] in ("COMPLETED", "FAILED", "STOPPED")
    acknowledged = [ACKNOWLEDGED_BY[row["mail"][seq - 1]] for seq in row["applied"]]
    written = [kind for kind in row["log"] if kind in ACKNOWLEDGED_BY.values()]
    wrong = {
        "the index is not contiguous": row["last_index"] != len(row["log"]) - 2,
        "a command was lost": has_ended and len(row["applied"]) != len(row["mail"]),
        "a command was applied out of order, twice or not at all": acknowledged[: len(written)] != written,
        "a command was applied without a word": not has_ended and acknowledged != written,
        "mail wakes nobody": not has_ended and len(row["applied"]) < len(row["mail"]) and not row["is_queued"],
        "what rests is forgotten": not has_ended
        and row["status"] != "PAUSED"
        and not row["is_queued"]
        and row["is_due"] is None,
    }
    return [fault for fault, is_so in wrong.items() if is_so]
