"""Where the nodes of an execution stand: its log, read and folded, and folded further when it has grown."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
import orjson

from engine.node_record import NodeRecord
from engine.plan import PlanNode
from engine.ports import SYSTEM_PREFIX
from engine.signals import refusal
from engine.state import State
from engine.status import NodeStatus
from engine.values import UNLOADED, Value
from schema.node_states import ShownNodeState
from storage.executions import ExecutionRow
from storage.log_pages import log_pages
from storage.setups import setup_of
from storage.versions import Versions

KEPT_NODES = 20_000
KEPT_BYTES = 64 * 1024 * 1024
"""How much of logs is kept in folded form; as objects it takes a few times as much."""

AnswerT = TypeVar("AnswerT")


@dataclass(slots=True)
class Folded:
    """A state, how many bytes of log are in it, and the lock under which it is folded further."""

    state: State
    bytes: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Snapshots:
    """Keeps the states that were asked for last, up to `KEPT_NODES` nodes and `KEPT_BYTES` in all."""

    def __init__(self, pool: asyncpg.Pool, versions: Versions) -> None:
        self._pool = pool
        self._versions = versions
        self._kept: OrderedDict[str, Folded] = OrderedDict()
        self._nodes = self._bytes = 0

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
            await self._catch_up(folded, execution)
            return question(folded.state)

    async def _folded(self, execution: ExecutionRow) -> Folded:
        if execution.id not in self._kept:
            version = await self._versions.get(execution.flow_id, execution.flow_version)
            if execution.id not in self._kept:
                self._kept[execution.id] = Folded(State(version.plan, setup_of(execution.id, execution)))
                self._nodes += len(version.plan.nodes)
        self._kept.move_to_end(execution.id)
        return self._kept[execution.id]

    def _count(self, asked: str, folded: Folded, grown: int) -> None:
        """Note what a state has grown by, and drop what was asked for longest ago, as far as it is too much."""
        if self._kept.get(asked) is folded:
            folded.bytes += grown
            self._bytes += grown
        while (self._nodes > KEPT_NODES or self._bytes > KEPT_BYTES) and (oldest := next(iter(self._kept))) != asked:
            dropped = self._kept.pop(oldest)
            self._nodes -= len(dropped.state.nodes)
            self._bytes -= dropped.bytes

    async def _catch_up(self, folded: Folded, execution: ExecutionRow) -> None:
        """Fold as much as the row knows of."""
        first = folded.state.last_index + 1
        async for page in log_pages(self._pool, execution.id, first, execution.last_index):
            folded.state.apply_all(row.entry for row in page)
            self._count(execution.id, folded, sum(len(row.data) for row in page))


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
