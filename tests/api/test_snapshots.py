"""States that were asked for are kept, as far as there is room, and folded further when asked for again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from engine.values import Value
from resolvers import snapshots
from storage import log_pages
from tests.api.client import Client
from tests.api.logs import FLOW_STARTED, append, completed, started

STATE = 'query($id: ID!) { execution(id: $id) { nodeState(nodeId: "double") { status outputs } } }'
LARGE = "x" * 60_000


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Which logs are read, and from where."""
    made: list[tuple[str, int]] = []
    read_page: Callable[..., Any] = log_pages.read_page

    async def noted(connection: Any, execution_id: str, from_index: int, **bounds: int) -> Any:
        made.append((execution_id, from_index))
        return await read_page(connection, execution_id, from_index, **bounds)

    monkeypatch.setattr(log_pages, "read_page", noted)
    return made


async def grown(client: Client, connection: asyncpg.Connection) -> str:
    """An execution whose log has a large value."""
    execution = await client.create_execution(await client.create_flow())
    end = replace(completed(), outputs={"result": Value.of(LARGE)})
    await append(connection, execution, FLOW_STARTED, started(), end)
    return execution


async def ask(client: Client, execution: str) -> None:
    state = (await client.ask(STATE, id=execution))["execution"]["nodeState"]
    assert state == {"status": "COMPLETED", "outputs": {"result": LARGE}}


async def test_a_state_that_was_asked_for_is_read_once(
    client: Client, connection: asyncpg.Connection, reads: list[tuple[str, int]]
) -> None:
    execution = await grown(client, connection)
    await ask(client, execution)
    await ask(client, execution)
    assert reads == [(execution, 0)]
    await append(connection, execution, started("number"))
    await ask(client, execution)
    assert reads[1:] == [(execution, 3)]


async def test_what_was_asked_for_longest_ago_is_dropped_when_logs_are_large(
    client: Client, connection: asyncpg.Connection, reads: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "KEPT_BYTES", 2 * len(LARGE) + 10_000)
    first, second, third = [await grown(client, connection) for _ in range(3)]
    for execution in (first, second, first, third, first, second):
        await ask(client, execution)
    assert [execution for execution, _ in reads] == [first, second, third, second]


async def test_what_was_folded_before_a_read_failed_counts_too(
    client: Client, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, reads: list[tuple[str, int]]
) -> None:
    monkeypatch.setattr(snapshots, "KEPT_BYTES", len(LARGE) + 10_000)
    monkeypatch.setattr(log_pages, "PAGE_ROWS", 1)
    first, second = [await grown(client, connection) for _ in range(2)]
    read_page: Callable[..., Any] = log_pages.read_page

    async def failing(connection: Any, execution_id: str, from_index: int, **bounds: int) -> Any:
        if from_index == 3:
            raise OSError("The connection is gone.")
        return await read_page(connection, execution_id, from_index, **bounds)

    with monkeypatch.context() as broken:
        broken.setattr(log_pages, "read_page", failing)
        await append(connection, first, started("number"))
        await client.answer(STATE, id=first)
    await ask(client, second)
    await ask(client, first)
    assert [from_index for execution, from_index in reads if execution == first] == [0, 1, 2, 0, 1, 2, 3]


async def test_a_log_larger_than_all_that_is_kept_is_shown_too(
    client: Client, connection: asyncpg.Connection, reads: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "KEPT_BYTES", 1_000)
    execution = await grown(client, connection)
    await ask(client, execution)
    await ask(client, execution)
    assert len(reads) == 1
