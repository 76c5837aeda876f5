"""Rebuilding the state of a claimed execution from its log."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import asyncpg

from engine.events import NodeOutputChunk
from engine.node_record import NodeRecord
from engine.plan import Plan
from engine.state import Setup, State
from engine.values import Value
from storage.claims import Claim
from storage.events import read_chunks, read_page
from storage.payloads import load_payload_texts
from storage.setups import setup_of

PAGE_ROWS = 5000
PAGE_BYTES = 4 * 1024 * 1024
CHUNK_ROWS = 64
LARGE_CHUNKS = 4
"""What is read at once of a stream, and how many large values among it."""

LOADS_AT_ONCE = 3
"""How many logs a worker reads at the same time, so that its memory and its connections suffice after a loss."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A state, and the ids of the payloads that were read for it."""

    state: State
    payloads: frozenset[str]


class Loader:
    """Loads states, a few at a time."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._turns = asyncio.Semaphore(LOADS_AT_ONCE)

    async def load(self, claim: Claim, plan: Plan) -> Loaded:
        """The state of an execution, with the payloads that its run may still need."""
        fresh = State(plan, setup_of(claim.execution_id, claim))
        if claim.last_index < 0 and not _references(_setup_values(fresh.setup)):
            return Loaded(fresh, frozenset())
        async with self._turns:
            state = await self.replay(claim, plan)
            return Loaded(state, await self.hydrate(_needed_values(state), claim.root_id))

    async def replay(self, claim: Claim, plan: Plan) -> State:
        """The state of an execution as its log tells it; large values stay references."""
        state, is_more = State(plan, setup_of(claim.execution_id, claim)), True
        while is_more:
            async with self._pool.acquire() as connection:
                page = await read_page(
                    connection, claim.execution_id, state.last_index + 1, rows=PAGE_ROWS, bytes=PAGE_BYTES
                )
            state.apply_all(row.entry for row in page.rows)
            is_more = page.more
        return state

    async def hydrate(self, values: Iterable[Value], root_id: str) -> frozenset[str]:
        """Read the payloads that these values refer to; gives their ids."""
        missing = _references(values)
        for reference, referring in missing.items():
            await self._load_payload(root_id, reference, referring)
        return frozenset(missing)

    async def chunks(self, claim: Claim, node_id: str, from_index: int) -> list[tuple[int, NodeOutputChunk]]:
        """The next of what a node has written to its streams, large values included."""
        async with self._pool.acquire() as connection:
            rows = await read_chunks(connection, claim.execution_id, node_id, from_index, CHUNK_ROWS)
        found, large = [], 0
        for row in rows:
            event = cast(NodeOutputChunk, row.entry.event)
            large += event.chunk.reference is not None
            if large > LARGE_CHUNKS:
                break
            found.append((row.index, event))
        await self.hydrate((event.chunk for _, event in found), claim.root_id)
        return found

    async def _load_payload(self, root_id: str, reference: str, values: list[Value]) -> None:
        """Read a payload once, for all who refer to it."""
        async with self._pool.acquire() as connection:
            texts = await load_payload_texts(connection, root_id, [reference])
        first, *others = values
        first.load(texts[reference].encode())
        for value in others:
            value.data, value.payload = first.data, first.payload


def _references(values: Iterable[Value]) -> dict[str, list[Value]]:
    """The values that are to be read from the payload store, by payload."""
    found: dict[str, list[Value]] = {}
    for value in values:
        if reference := value.reference:
            found.setdefault(reference, []).append(value)
    return found


def _setup_values(setup: Setup) -> Iterator[Value]:
    yield from setup.inputs.values()
    for ports in setup.port_values.values():
        yield from ports.values()
    events = (*setup.external_events, *([setup.event] if setup.event else []))
    yield from (event.payload for event in events)


def _needed_values(state: State) -> Iterator[Value]:
    """The values that a node which has not ended may still read."""
    yield from _setup_values(state.setup)
    for kept in state.kept.values():
        yield from kept
    for number, record in enumerate(state.nodes):
        if not record.status.ended:
            yield from (record.inputs or {}).values()
            yield from (record.promised or {}).values()
            yield from _called_values(record)
        yield from _outputs_to_come(state, number, record)


def _called_values(record: NodeRecord) -> Iterator[Value]:
    if record.calls:
        yield from record.calls.spec.values()
        for end in record.calls.ends.values():
            yield from (end.outputs or {}).values()


def _outputs_to_come(state: State, number: int, record: NodeRecord) -> Iterator[Value]:
    for port, edges in state.plan.nodes[number].outgoing.items():
        if port in record.outputs and any(not state.nodes[edge.target_node].status.ended for edge in edges):
            yield record.outputs[port]
