"""Runs one node as the engine does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.attempt import Waiting, begin
from engine.errors import NodeError
from engine.node import Context
from engine.nodes import BUILT_IN

NOW = datetime(2030, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)


@dataclass
class Bench:
    """Runs nodes in a context whose clock stands still; `logged` is what they have logged."""

    logged: list[str] = field(default_factory=list)
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        self.context = Context(
            execution_id="EX1",
            root_execution_id="EX1",
            parent_execution_id=None,
            depth=0,
            node_id="node",
            attempt=1,
            idempotency_key="EX1:node",
            inputs={},
            now=lambda: NOW,
            log=self.logged.append,
        )

    def given(self, **changes: Any) -> "Bench":
        """Change the context."""
        self.context = replace(self.context, **changes)
        return self

    async def run(self, node_type: str, /, **inputs: Any) -> dict[str, Any]:
        """Run a node to its end; gives the data of the ports that resolved."""
        outcome = await begin(BUILT_IN[node_type], inputs, self.context)
        assert not isinstance(outcome, Waiting)
        return {port: value.data for port, value in outcome.items()}

    async def wait(self, node_type: str, /, **inputs: Any) -> Waiting:
        """Run a node that goes on waiting."""
        outcome = await begin(BUILT_IN[node_type], inputs, self.context)
        assert isinstance(outcome, Waiting)
        return outcome

    async def fail(self, node_type: str, /, **inputs: Any) -> NodeError:
        """Run a node that fails; gives its error."""
        with pytest.raises(NodeError) as caught:
            await begin(BUILT_IN[node_type], inputs, self.context)
        return caught.value


@asynccontextmanager
async def turns_of_others() -> AsyncIterator[Callable[[], int]]:
    """Another task of the event loop; tells how often it had its turn."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    other = asyncio.create_task(take_turns())
    yield lambda: turns
    other.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await other
