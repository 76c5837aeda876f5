"""Where the nodes of an execution stand: its log, read and folded, and folded further when it has grown."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
import orjson

from engine.errors import NotFound
from engine.plan import PlanNode
from engine.ports import SYSTEM_PREFIX
from engine.signals import refusal
from engine.state import NodeRecord, State
from engine.status import NodeStatus
from engine.values import UNLOADED, Value
from schema.node_states import ShownNodeState
from storage.events import read_events
from storage.executions import ExecutionRow
from storage.setups import setup_of
from storage.versions import Versions

KEPT_NODES = 20_000
PAGE = 1_000

AnswerT = TypeVar("AnswerT")


@dataclass(slots=True)
class Folded:
    """A state and the lock under which it is folded further."""

    state: State
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Snapshots:
    """Keeps the states that were asked for last, up to `KEPT_NODES` nodes in all."""

    def __init__(self, pool: asyncpg.Pool, versions: Versions) -> None:
        self._pool = pool
        self._versions = versions
        self._kept: OrderedDict[str, Folded] = OrderedDict()

    async def node_states(self, execution: ExecutionRow) -> Mapping[str, ShownNodeState]:
        """The states of all nodes by id, in document order, not older than the given row."""
        return await self.asked(execution, _show_all)

    async def signal_refusal(self, execution: ExecutionRow, name: str, payload: Value) -> str | None:
        """Why a signal fits none of the nodes that wait for it now; None if it fits one, or none waits."""
        return await self.asked(execution, lambda state: refusal(state, name, payload))

    async def asked(self, execution: ExecutionRow, question: Callable[[State], AnswerT]) -> AnswerT:
        """The answer to a question about a state that is not older than the given row."""
        folded = await self._folded(execution)
        async with folded.lock:
            await self._catch_up(folded.state, execution)
            return question(folded.state)

    async def _folded(self, execution: ExecutionRow) -> Folded:
        if execution.id not in self._kept:
            version = await self._versions.get(execution.flow_id, execution.flow_version)
            self._kept.setdefault(execution.id, Folded(State(version.plan, setup_of(execution.id, execution))))
            self._forget(execution.id)
        self._kept.move_to_end(execution.id)
        return self._kept[execution.id]

    def _forget(self, coming: str) -> None:
        total = sum(len(folded.state.nodes) for folded in self._kept.values())
        while total > KEPT_NODES and next(iter(self._kept)) != coming:
            total -= len(self._kept.popitem(last=False)[1].state.nodes)

    async def _catch_up(self, state: State, execution: ExecutionRow) -> None:
        while state.last_index < execution.last_index:
            async with self._pool.acquire() as connection:
                rows = await read_events(connection, execution.id, state.last_index + 1, PAGE)
            if not rows:
                raise NotFound("The execution was deleted.")
            state.apply_all(row.entry for row in rows)


def _show_all(state: State) -> Mapping[str, ShownNodeState]:
    return {node.id: _show(node, record) for node, record in zip(state.plan.nodes, state.nodes, strict=True)}


def _show(node: PlanNode, record: NodeRecord) -> ShownNodeState:
    outputs = {port: _data(value) for port, value in record.outputs.items() if not port.startswith(SYSTEM_PREFIX)}
    return ShownNodeState(
        node_id=node.id,
        status=record.status,
        attempt=record.attempt,
        inputs=None if record.inputs is None else {port: _data(value) for port, value in record.inputs.items()},
        outputs=outputs if outputs or record.status is NodeStatus.COMPLETED else None,
        error=record.error,
        started_at=_time(record.started_at),
        completed_at=_time(record.completed_at),
    )


def _data(value: Value) -> Any:
    return orjson.loads(value.wire) if value.data is UNLOADED or value.payload else value.data


def _time(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)
