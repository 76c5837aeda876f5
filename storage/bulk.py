"""One command for many executions: chosen by a filter, and each judged by itself.

Chosen are those that match and can accept the command now, the newest first: what was commanded once is not chosen
again, so that whoever repeats it comes to an end. Roots are chosen, or the children of one parent, so never an
execution together with a descendant of its own, which the command reaches anyway.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from engine.errors import Conflict, InvalidState, NotFound, TidegateError
from engine.status import ExecutionCommand, ExecutionStatus
from storage.access import Access, Reader
from storage.commands import RULES, Accepted, send_command, send_to_many
from storage.lists import ExecutionFilter, ids_matching
from storage.pool import Connection

UNFINISHED = tuple(status for status in ExecutionStatus if not status.ended)

Verdict = Accepted | TidegateError
"""What an execution has answered: that it has accepted the command, or why not."""


@dataclass(frozen=True, slots=True)
class Commanded:
    """What each execution has answered, by id, and whether there are more that would accept the command."""

    verdicts: Mapping[str, Verdict]
    has_more: bool


async def command_all(
    connection: Connection,
    reader: Reader,
    filter: ExecutionFilter,
    command: ExecutionCommand,
    payload: Any = None,
    *,
    limit: int,
) -> Commanded:
    """Send a command to up to `limit` of the executions that match and that the reader may operate.

    Call it outside of any transaction. If the filter names statuses and fewer can accept the command, others in those
    statuses are asked too, and refuse.
    """
    ready = await _ready(connection, reader, filter, command, limit + 1)
    chosen = ready[:limit]
    if filter.statuses is not None and len(chosen) < limit:
        chosen += await _others(connection, reader, filter, command, limit - len(chosen))
    verdicts = await _send(connection, list(dict.fromkeys(chosen)), command, payload)
    was_held = any(isinstance(verdict, Conflict) for verdict in verdicts.values())
    return Commanded(verdicts, has_more=len(ready) > limit or was_held)


async def _ready(
    connection: Connection, reader: Reader, filter: ExecutionFilter, command: ExecutionCommand, limit: int
) -> list[str]:
    wanted = UNFINISHED if filter.statuses is None else [status for status in filter.statuses if status in UNFINISHED]
    unfinished = replace(filter, statuses=wanted)
    return await _ids(connection, reader, unfinished, limit, RULES[command].accepted_in)


async def _others(
    connection: Connection, reader: Reader, filter: ExecutionFilter, command: ExecutionCommand, limit: int
) -> list[str]:
    refusing = [status for status in ExecutionStatus if status not in RULES[command].accepted_in]
    return await _ids(connection, reader, filter, limit, refusing)


async def _ids(
    connection: Connection, reader: Reader, filter: ExecutionFilter, limit: int, accepted: Iterable[ExecutionStatus]
) -> list[str]:
    return await ids_matching(connection, reader, filter, need=Access.OPERATE, limit=limit, accepted=accepted)


async def _send(
    connection: Connection, ids: Sequence[str], command: ExecutionCommand, payload: Any
) -> dict[str, Verdict]:
    judged = await send_to_many(connection, ids, command, payload) if ids else {}
    return {id: judged.get(id) or await _send_alone(connection, id, command, payload) for id in ids}


async def _send_alone(connection: Connection, id: str, command: ExecutionCommand, payload: Any) -> Verdict:
    """Send to one whose head was held by somebody: this waits for its turn, and holds nothing while it does."""
    try:
        return await send_command(connection, id, command, payload)
    except (InvalidState, NotFound) as refusal:
        return refusal
    except asyncpg.LockNotAvailableError:
        return Conflict("Somebody holds the execution; try again.")
