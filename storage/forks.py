"""Making executions that begin with what another one has completed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import asyncpg
import orjson

from engine.errors import NotFound
from engine.events import NodeEvent
from engine.forks import Original
from engine.plan import Plan
from engine.state import State
from engine.values import Value, payload_id
from storage.execution_rows import ExecutionRow
from storage.executions import create_execution
from storage.log_pages import log_pages
from storage.new_executions import NewExecution
from storage.payloads import load_payload_texts
from storage.pool import Connection
from storage.queries import load
from storage.setups import setup_of

QUERIES = load("forks")


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a fork takes over from an execution: ends of nodes and their streams, and whichever large values these or
    its inputs have."""

    original_id: str
    events: Sequence[NodeEvent]
    payloads: frozenset[str]


async def read_original(pool: asyncpg.Pool, row: ExecutionRow, plan: Plan) -> Original:
    """Fold an execution as far as its row knows it; large values stay references. Raises `NotFound` if it is gone."""
    original = Original(State(plan, setup_of(row.id, row)))
    async for page in log_pages(pool, row.id, original.state.last_index + 1, row.last_index):
        for event in page[: row.last_index - original.state.last_index]:
            original.apply(event.entry)
    return original


async def load_values(pool: asyncpg.Pool, root_id: str, values: Iterable[Value]) -> None:
    """Fill in the large ones among these values of a tree."""
    missing = {reference: value for value in values if (reference := value.reference)}
    for reference, value in missing.items():
        async with pool.acquire() as connection:
            value.load((await load_payload_texts(connection, root_id, [reference]))[reference].encode())


async def create_fork(connection: Connection, new: NewExecution, taken_over: TakenOver) -> tuple[ExecutionRow, bool]:
    """Make a fork in the caller's transaction, as `create_execution` makes what begins with nothing.

    Raises `NotFound` also if the execution that it is forked from is gone.
    """
    row, created = await create_execution(connection, new)
    if not created:
        return row, False
    events = taken_over.events
    last_index = await connection.fetchval(
        QUERIES["take_over"],
        *(new.id, taken_over.original_id),
        [event.kind for event in events],
        [event.node_id for event in events],
        [event.encode().decode() for event in events],
        list(taken_over.payloads),
    )
    if last_index is None:
        raise NotFound("The execution was deleted.")
    return replace(row, last_index=last_index), True


def payload_ids(values: Iterable[Value]) -> frozenset[str]:
    """The large values that are referred to, by id, whether they are loaded or not."""
    texts = (orjson.loads(value.wire) for value in values)
    return frozenset(reference for text in texts if (reference := payload_id(text)))


def stored_values(data: Mapping[str, object]) -> dict[str, Value]:
    """Values as a row has them, by name."""
    return {name: Value.stored(each) for name, each in data.items()}
