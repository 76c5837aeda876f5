"""The commands of clients: judged and kept in one statement, applied later by the execution's owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from engine.errors import InvalidState, NotFound, RateLimited, TidegateError
from engine.status import ExecutionCommand, ExecutionStatus
from storage.pool import Connection
from storage.queries import load

QUERIES = load("commands")

TRY_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """In which statuses a command is accepted, and which status it leads to (None: the same).

    It `needs_place` where nodes run because of it; any other is applied also by a worker all of whose places are taken.
    """

    accepted_in: frozenset[ExecutionStatus]
    leads_to: ExecutionStatus | None
    needs_place: bool = False


_UNFINISHED = frozenset({ExecutionStatus.CREATED, ExecutionStatus.RUNNING, ExecutionStatus.PAUSED})

RULES: Mapping[ExecutionCommand, Rule] = {
    ExecutionCommand.START: Rule(frozenset({ExecutionStatus.CREATED}), ExecutionStatus.RUNNING, True),
    ExecutionCommand.PAUSE: Rule(frozenset({ExecutionStatus.RUNNING}), ExecutionStatus.PAUSED),
    ExecutionCommand.RESUME: Rule(frozenset({ExecutionStatus.PAUSED}), ExecutionStatus.RUNNING, True),
    ExecutionCommand.STEP: Rule(frozenset({ExecutionStatus.PAUSED}), None, True),
    ExecutionCommand.SET_BREAKPOINTS: Rule(_UNFINISHED, None),
    ExecutionCommand.SIGNAL: Rule(_UNFINISHED, None),
    ExecutionCommand.STOP: Rule(_UNFINISHED, ExecutionStatus.STOPPED),
}
"""The commands that can be sent, judged as if all accepted before had been applied."""

_VERBS = {command: command.value.lower() for command in RULES} | {
    ExecutionCommand.SET_BREAKPOINTS: "set breakpoints in",
    ExecutionCommand.SIGNAL: "send a signal to",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command that is in the mailbox; `is_held` if a worker owns the execution and wants to be told."""

    seq: int
    is_held: bool


async def send_command(
    connection: Connection, execution_id: str, command: ExecutionCommand, payload: Any = None
) -> Accepted:
    """Accept a command.

    Raises `InvalidState` with the status that refuses it, `RateLimited` where too many wait already, or `NotFound`.
    """
    while (row := await connection.fetchrow(QUERIES["send"], execution_id, *_letter(command, payload))) is None:
        if refusal := await _refusal(connection, execution_id, command):
            raise refusal
    return Accepted(row["seq"], row["is_held"])


async def send_to_many(
    connection: Connection, execution_ids: Sequence[str], command: ExecutionCommand, payload: Any = None
) -> dict[str, Accepted | InvalidState]:
    """Have a command that changes the status judged by each execution for itself, in one commit that waits for no lock.

    Those whose heads somebody held at that moment are not judged, and left out.
    """
    rows = await connection.fetch(QUERIES["send_to_many"], list(execution_ids), *_letter(command, payload))
    return {row["execution_id"]: _verdict(row, command) for row in rows if row["judged_in"] is not None}


def _letter(command: ExecutionCommand, payload: Any) -> tuple[Any, ...]:
    """What the statements that send a command are given of it."""
    rule = RULES[command]
    text = None if payload is None else orjson.dumps(payload).decode()
    return command.value, text, [status.value for status in rule.accepted_in], rule.leads_to, not rule.needs_place


def _verdict(row: asyncpg.Record, command: ExecutionCommand) -> Accepted | InvalidState:
    if row["seq"] is None:
        return _invalid(command, row["judged_in"])
    return Accepted(row["seq"], row["is_held"])


async def _refusal(connection: Connection, execution_id: str, command: ExecutionCommand) -> TidegateError | None:
    """Why a command was not accepted; None if it would be now."""
    judged = await connection.fetchrow(QUERIES["judge"], execution_id, command.value)
    if judged is None:
        return NotFound(f"There is no execution {execution_id}.")
    if judged["status"] not in RULES[command].accepted_in:
        return _invalid(command, judged["status"])
    if judged["has_room"]:
        return None
    said = f"Too many commands for {execution_id} wait to be applied by a worker."
    return RateLimited(said, retry_after=TRY_AGAIN_SECONDS)


def _invalid(command: ExecutionCommand, status: str) -> InvalidState:
    return InvalidState(f"Cannot {_VERBS[command]} an execution in status {status}", status=status)


async def pending_commands(connection: Connection, execution_ids: Sequence[str]) -> dict[str, list[ExecutionCommand]]:
    """The commands of each execution that no worker has applied yet: accepted ones in order, then its parent's."""
    pending: dict[str, list[ExecutionCommand]] = {execution_id: [] for execution_id in execution_ids}
    for row in await connection.fetch(QUERIES["pending"], list(execution_ids)):
        pending[row["execution_id"]].append(ExecutionCommand(row["command"]))
    return pending
