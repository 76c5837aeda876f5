"""Reading logs: pages by rows and by bytes, kinds, several logs at once."""

import asyncpg
import pytest

from storage.events import TERMINAL_TYPES, log_ends, read_events, read_news, read_page
from storage.flows import FlowRow
from storage.pool import Connection
from tests.storage.seeds import create, grow


@pytest.fixture
async def log(pool: asyncpg.Pool, connection: Connection, flow: FlowRow) -> str:
    """An execution whose log has the indices -1 to 9; the last is FLOW_COMPLETED."""
    row = await create(connection, flow)
    await grow(pool, row.id, 10, ended=True)
    return row.id


async def test_a_page_of_events_begins_at_an_index_and_is_in_order(connection: Connection, log: str) -> None:
    assert [row.index for row in (await read_events(connection, log, -1, 100)).rows] == list(range(-1, 10))
    assert [row.index for row in (await read_events(connection, log, 3, 4)).rows] == [3, 4, 5, 6]
    assert (await read_events(connection, log, 10, 4)).rows == []


async def test_a_page_of_events_says_exactly_whether_the_log_goes_on(connection: Connection, log: str) -> None:
    assert [(await read_events(connection, log, 5, limit)).more for limit in (4, 5, 6)] == [True, False, False]


async def test_a_page_of_large_events_ends_before_its_number(connection: Connection, flow: FlowRow) -> None:
    log = (await create(connection, flow)).id
    await connection.execute(
        "insert into execution_events (execution_id, index, type, timestamp, data) "
        "select $1, n, 'FLOW_DRAINED', clock_timestamp(), to_json(repeat('x', 5 * 1024 * 1024)) "
        "from generate_series(0, 3) as n",
        log,
    )
    page = await read_events(connection, log, -1, 100)
    assert ([row.index for row in page.rows], page.more) == ([-1, 0, 1], True)


async def test_only_the_kinds_that_are_asked_for_are_read(connection: Connection, log: str) -> None:
    kinds = ["FLOW_COMPLETED", "EXECUTION_CREATED"]
    assert [row.index for row in (await read_events(connection, log, -1, 100, kinds)).rows] == [-1, 9]
    assert (await read_events(connection, log, -1, 100, [])).rows == []


async def test_an_event_that_was_read_never_changes(connection: Connection, log: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await connection.execute("update execution_events set data = '{}' where execution_id = $1", log)


async def test_a_log_has_ended_with_its_execution(
    pool: asyncpg.Pool, connection: Connection, log: str, flow: FlowRow
) -> None:
    other = await create(connection, flow)
    await grow(pool, other.id, 3)
    assert await log_ends(connection, [log, other.id, "EX0"]) == {log: (9, True), other.id: (2, False)}
    assert frozenset({"FLOW_COMPLETED", "FLOW_FAILED", "FLOW_CANCELLED"}) == TERMINAL_TYPES


async def test_a_page_says_whether_it_is_full(connection: Connection, log: str) -> None:
    for rows, count, more in ((4, 4, True), (11, 11, True), (12, 11, False)):
        page = await read_page(connection, log, -1, rows=rows, bytes=10_000)
        assert (len(page.rows), page.more) == (count, more)
    assert (await read_page(connection, log, 10, rows=4, bytes=10_000)).more is False


async def test_a_page_ends_with_the_row_that_fills_it(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    row = await create(connection, flow)
    await grow(pool, row.id, 8, fill=100_000)
    page = await read_page(connection, row.id, 0, rows=100, bytes=250_000)
    assert ([event.index for event in page.rows], page.more) == ([0, 1, 2], True)
    page = await read_page(connection, row.id, 0, rows=100, bytes=1)
    assert ([event.index for event in page.rows], page.more) == ([0], True)


async def test_news_of_several_logs_begin_at_an_index_of_each(
    pool: asyncpg.Pool, connection: Connection, log: str, flow: FlowRow
) -> None:
    other, quiet = await create(connection, flow), await create(connection, flow)
    await grow(pool, other.id, 3)
    wanted = {quiet.id: 0, other.id: 1, log: 5, "EX0": -1}
    news = await read_news(connection, wanted, rows=4, bytes=10_000)
    assert {id: ([row.index for row in page.rows], page.more) for id, page in news.items()} == {
        other.id: ([1, 2], False),
        log: ([5, 6, 7, 8], True),
    }
