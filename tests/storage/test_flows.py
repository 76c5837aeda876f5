"""Flows: versions that never change, conflicts, and what a search finds."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import orjson
import pytest

from engine.errors import Conflict, NotFound, ValueRefused
from storage.access import Reader
from storage.executions import create_execution
from storage.flows import (
    FlowRow,
    create_flow,
    delete_flow,
    flow_versions_by_id,
    flows_by_id,
    list_flow_versions,
    list_flows,
    update_flow,
    version_at,
)
from storage.pool import Connection
from storage.transaction import transaction
from tests.eventually import eventually
from tests.storage.seeds import END, create, new_execution


async def named(connection: Connection, name: str, owner_id: str = "ada", description: str | None = None) -> FlowRow:
    return await create_flow(connection, owner_id=owner_id, name=name, description=description, document={})


async def updated(connection: Connection, flow: FlowRow, document: object, expected: int | None = None) -> FlowRow:
    return await update_flow(
        connection,
        flow_id=flow.id,
        owner_id="ada",
        name="Sum",
        description=None,
        document=document,
        expected_version=expected,
    )


async def names(connection: Connection, search: str | None) -> list[str]:
    found = await list_flows(connection, reader=Reader("ada"), search=search, limit=100, after=None)
    return [flow.name for flow in found]


async def blocked(pool: asyncpg.Pool) -> bool:
    """Whether a session of this database waits for a lock."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return bool(await pool.fetchval(waiting))


async def test_a_document_comes_back_exactly_as_it_was_sent(connection: Connection) -> None:
    text = b'{"z":1e16,"a":-0.0,"pi":3.141592653589793,"nodes":[{"id":"b"},{"id":"a"}],"\xc3\xa9":null}'
    flow = await create_flow(connection, owner_id="ada", name="Exact", description="d", document=orjson.loads(text))
    versions = await flow_versions_by_id(connection, [(flow.id, 1)])
    assert orjson.dumps(versions[flow.id, 1].document) == orjson.dumps(orjson.loads(text))
    assert (flow.latest_version, flow.description, flow.deleted_at) == (1, "d", None)


async def test_a_document_that_cannot_be_stored_exactly_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueRefused):
        await create_flow(connection, owner_id="ada", name="NaN", description=None, document={"n": float("nan")})


async def test_an_update_adds_a_version_and_leaves_the_old_one_alone(connection: Connection, flow: FlowRow) -> None:
    changed = await updated(connection, flow, {"second": True}, expected=1)
    assert changed.latest_version == 2
    assert changed.updated_at > flow.updated_at
    versions = await list_flow_versions(connection, flow_id=flow.id, limit=10, after=None)
    assert [(version.version, version.document) for version in versions] == [(2, {"second": True}), (1, {"nodes": []})]
    assert await list_flow_versions(connection, flow_id=flow.id, limit=10, after=2) == versions[1:]


async def test_a_version_never_changes(connection: Connection, flow: FlowRow) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await connection.execute("update flow_versions set document = '{}' where flow_id = $1", flow.id)


async def test_an_update_of_another_version_than_the_latest_says_which_that_is(
    connection: Connection, flow: FlowRow
) -> None:
    await updated(connection, flow, {})
    with pytest.raises(Conflict) as conflict:
        await updated(connection, flow, {}, expected=1)
    assert conflict.value.extensions == {"currentVersion": 2}


async def test_of_updates_of_the_same_version_at_once_one_wins(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    async def attempt(number: int) -> FlowRow:
        async with transaction(pool) as connection:
            return await updated(connection, flow, {"attempt": number}, expected=1)

    results = await asyncio.gather(*map(attempt, range(5)), return_exceptions=True)
    assert [isinstance(result, Conflict) for result in results].count(True) == 4
    assert len(await list_flow_versions(connection, flow_id=flow.id, limit=10, after=None)) == 2


async def test_an_update_that_waits_for_another_of_the_same_version_is_a_conflict_with_what_that_one_made(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    async with transaction(pool) as first:
        await updated(first, flow, {"attempt": 1}, expected=1)
        second = asyncio.create_task(updated(connection, flow, {"attempt": 2}, expected=1))
        await eventually(lambda: blocked(pool))
    with pytest.raises(Conflict) as conflict:
        await second
    assert conflict.value.extensions == {"currentVersion": 2}


async def test_what_another_owner_has_is_not_found(connection: Connection) -> None:
    foreign = await named(connection, "Foreign", owner_id="eve")
    assert await flows_by_id(connection, Reader("ada"), [foreign.id]) == {}
    assert await names(connection, None) == []
    with pytest.raises(NotFound):
        await updated(connection, foreign, {})
    with pytest.raises(NotFound):
        await delete_flow(connection, flow_id=foreign.id, owner_id="ada")


async def test_a_deleted_flow_is_gone_but_its_versions_stay(pool: asyncpg.Pool, flow: FlowRow) -> None:
    async with transaction(pool) as connection:
        await delete_flow(connection, flow_id=flow.id, owner_id="ada")
    async with transaction(pool) as connection:
        assert await flows_by_id(connection, Reader("ada"), [flow.id]) == {}
        assert await names(connection, None) == []
        assert len(await flow_versions_by_id(connection, [(flow.id, 1)])) == 1
        with pytest.raises(NotFound):
            await updated(connection, flow, {})
        with pytest.raises(NotFound):
            await delete_flow(connection, flow_id=flow.id, owner_id="ada")


async def test_a_flow_with_an_unfinished_execution_cannot_be_deleted(connection: Connection, flow: FlowRow) -> None:
    execution = await create(connection, flow)
    with pytest.raises(Conflict):
        await delete_flow(connection, flow_id=flow.id, owner_id="ada")
    await connection.execute(END, execution.id)
    await delete_flow(connection, flow_id=flow.id, owner_id="ada")


async def test_an_unfinished_child_of_another_flow_s_execution_counts_too(
    connection: Connection, flow: FlowRow
) -> None:
    caller = await named(connection, "Caller")
    root = await create(connection, caller)
    await create(connection, flow, root_id=root.id, parent_id=root.id, depth=1)
    with pytest.raises(Conflict):
        await delete_flow(connection, flow_id=flow.id, owner_id="ada")


async def test_a_delete_waits_for_an_execution_that_is_being_created_and_then_refuses(
    pool: asyncpg.Pool, flow: FlowRow
) -> None:
    async def delete() -> None:
        async with transaction(pool) as connection:
            await delete_flow(connection, flow_id=flow.id, owner_id="ada")

    async with transaction(pool) as creating:
        await create_execution(creating, new_execution(flow))
        deleting = asyncio.create_task(delete())
        await eventually(lambda: blocked(pool))
    with pytest.raises(Conflict):
        await deleting


async def test_an_execution_cannot_slip_in_while_its_flow_is_being_deleted(pool: asyncpg.Pool, flow: FlowRow) -> None:
    async def make() -> None:
        async with transaction(pool) as connection:
            await create_execution(connection, new_execution(flow))

    async with transaction(pool) as deleting:
        await delete_flow(deleting, flow_id=flow.id, owner_id="ada")
        creating = asyncio.create_task(make())
        await eventually(lambda: blocked(pool))
    with pytest.raises(NotFound):
        await creating


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (None, ["a\\b", "Order_total", "Ordertotal", "100% done"]),
        ("ORDER", ["Order_total", "Ordertotal"]),
        ("_", ["Order_total"]),
        ("%", ["100% done"]),
        ("\\", ["a\\b"]),
        ("of prices", ["100% done"]),
        ("r%l", []),
        ("nothing", []),
    ],
)
async def test_a_search_takes_wildcards_literally(connection: Connection, search: str | None, found: list[str]) -> None:
    await named(connection, "100% done", description="The sum of prices")
    await named(connection, "Ordertotal")
    await named(connection, "Order_total")
    await named(connection, "a\\b")
    assert await names(connection, search) == found


async def test_pages_of_flows_join_without_gap_while_others_are_made(connection: Connection) -> None:
    before = [(await named(connection, str(number))).id for number in range(7)]
    seen: list[str] = []
    after = None
    while page := await list_flows(connection, reader=Reader("ada"), search=None, limit=3, after=after):
        seen += [flow.id for flow in page]
        after = seen[-1]
        await named(connection, "meanwhile")
    assert seen == before[::-1]


async def test_a_flow_is_found_as_it_was_at_a_time(connection: Connection, flow: FlowRow) -> None:
    changed = await updated(connection, flow, {"second": True})
    await updated(connection, flow, {"third": True})
    assert (await at(connection, flow, changed.updated_at + timedelta(days=1))) == (3, {"third": True})
    second, first = (await list_flow_versions(connection, flow_id=flow.id, limit=10, after=3))[:2]
    assert await at(connection, flow, second.created_at) == (2, {"second": True})
    assert await at(connection, flow, first.created_at) == (1, {"nodes": []})


async def test_a_flow_that_is_younger_than_a_time_is_found_in_its_first_version(
    connection: Connection, flow: FlowRow
) -> None:
    await updated(connection, flow, {"second": True})
    assert await at(connection, flow, flow.created_at - timedelta(days=1)) == (1, {"nodes": []})


async def test_neither_another_owners_flow_nor_a_deleted_one_is_found_at_any_time(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow
) -> None:
    assert await version_at(connection, "eve", flow.id, flow.created_at) is None
    assert await version_at(connection, "ada", "FL0", flow.created_at) is None
    async with transaction(pool) as deleting:
        await delete_flow(deleting, flow_id=flow.id, owner_id="ada")
    assert await version_at(connection, "ada", flow.id, flow.created_at) is None


async def at(connection: Connection, flow: FlowRow, time: datetime) -> tuple[int, object] | None:
    """The number and the document of a flow's version at a time."""
    found = await version_at(connection, "ada", flow.id, time)
    return (found.version, found.document) if found else None
