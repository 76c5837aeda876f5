"""The trace of one claim: a span for the run, and in it one for each append, command and attempt of a node."""

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager

import asyncpg

from engine.entry import Entry
from engine.events import NodeCompleted, NodeFailed, NodeRetrying
from engine.ledger import Append
from engine.spawns import Spawn
from jobs.letters import Mail
from storage.claims import Claim
from storage.pool import DATABASE_TROUBLE
from storage.traces import CREATION, origin, origins_of_commands, remember
from storage.tracing import Tracer, tracer

logger = logging.getLogger(__name__)

NS_PER_MS, NS_PER_SECOND = 1_000_000, 1_000_000_000


class RunTrace:
    """What a run tells of itself; made by `begin`, ended by `end`."""

    def __init__(self, tracing: Tracer, claim: Claim, pool: asyncpg.Pool, run: AbstractContextManager[None]) -> None:
        self._tracing = tracing
        self._claim = claim
        self._pool = pool
        self._run = run
        self._parent = ""
        self._commands: dict[int, tuple[str, str]] = {}

    @classmethod
    async def begin(cls, claim: Claim, worker_id: str, pool: asyncpg.Pool) -> "RunTrace | None":
        """Be in the span of a run from now on, which goes on with the trace of the creation; None without tracing."""
        tracing = tracer()
        if tracing is None:
            return None
        came_from, now = await _origin(pool, claim), time.time_ns()
        run = tracing.span(
            "run execution",
            parent=came_from,
            execution_id=claim.execution_id,
            root_id=claim.root_id,
            parent_execution_id=claim.parent_id,
            flow_id=claim.flow_id,
            flow_version=claim.flow_version,
            worker_id=worker_id,
            from_index=claim.last_index + 1,
            recovers=claim.lost_worker_id is not None,
        )
        trace = cls(tracing, claim, pool, run)
        run.__enter__()
        trace._parent = tracing.current()
        waited = int((claim.ready_seconds or 0.0) * NS_PER_SECOND)
        tracing.record("claim", now - waited, now, parent=came_from or trace._parent, execution_id=claim.execution_id)
        return trace

    def end(self) -> None:
        """Leave the span."""
        self._run.__exit__(None, None, None)

    async def read(self, mail: Mail) -> None:
        """Learn where commands came from, before they are applied."""
        new = {row.seq: row.command.value for row in mail.commands if row.seq not in self._commands}
        if not new:
            return
        try:
            async with self._pool.acquire() as connection:
                found = await origins_of_commands(connection, self._claim.execution_id, list(new))
        except DATABASE_TROUBLE:
            found = {}
        self._commands.update({seq: (name, found.get(seq, "")) for seq, name in new.items()})

    async def spawning(self, spawns: Sequence[Spawn]) -> None:
        """Let children go on with this trace, from the node that spawns them; before they are there."""
        now, by_node = time.time_ns(), dict[str | None, list[str]]()
        for spawn in spawns:
            by_node.setdefault(spawn.spawned_by, []).append(spawn.child_id)
        try:
            async with self._pool.acquire() as connection:
                for node_id, children in by_node.items():
                    origin = self._tracing.record(
                        "spawn", now, now, parent=self._parent, node_id=node_id, children=len(children)
                    )
                    await remember(connection, children, self._claim.root_id, CREATION, origin)
        except DATABASE_TROUBLE as error:
            logger.debug("Children go on with the trace of their root (%s).", type(error).__name__)

    def appended(self, append: Append, began_ns: int) -> None:
        """Tell of what is committed now, and was given to the journal then."""
        now = time.time_ns()
        self._tracing.record("append", began_ns, now, parent=self._parent, events=len(append.entries))
        for seq in [seq for seq in self._commands if seq <= append.consumed]:
            name, sent = self._commands.pop(seq)
            self._tracing.record(f"apply {name}", now, now, parent=self._parent, links=[sent] if sent else [], seq=seq)
        for entry in append.entries:
            self._attempted(entry)

    def _attempted(self, entry: Entry) -> None:
        event = entry.event
        if not isinstance(event, NodeCompleted | NodeFailed | NodeRetrying):
            return
        milliseconds = 0.0 if isinstance(event, NodeRetrying) else event.execution_time
        end = entry.at * NS_PER_MS
        self._tracing.record(
            f"node {event.node_type}",
            end - int(milliseconds * NS_PER_MS),
            end,
            parent=self._parent,
            error=None if isinstance(event, NodeCompleted) else event.error.code.value,
            node_id=event.node_id,
            node_type=event.node_type,
            attempt=event.attempt,
            outcome=event.kind,
        )


async def _origin(pool: asyncpg.Pool, claim: Claim) -> str | None:
    try:
        async with pool.acquire() as connection:
            return await origin(connection, claim.execution_id, claim.root_id)
    except DATABASE_TROUBLE:
        return None
