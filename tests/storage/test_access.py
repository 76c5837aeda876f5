"""Who sees what: lists have exactly what can be found by id."""

from random import Random

import pytest

from engine.labels import Label
from storage.access import Access, FlowRole, Reader, grant, granted_flows, lost_trees, revoke
from storage.executions import executions_by_id, labels_of
from storage.flows import FlowRow, create_flow, delete_flow, flows_by_id, list_flows, version_at
from storage.lists import ExecutionFilter, ids_matching, list_matching
from storage.pool import Connection
from tests.storage.seeds import create

USERS = ("ada", "bob", "eve")
PROD = Label("env", "prod")


async def flow_of(connection: Connection, owner: str) -> FlowRow:
    return await create_flow(connection, owner_id=owner, name="F", description=None, document={})


async def test_what_was_granted_is_seen_until_it_is_taken_back(connection: Connection, flow: FlowRow) -> None:
    row = await create(connection, flow)
    child = await create(connection, flow, root_id=row.id, parent_id=row.id, depth=1)
    eve = Reader("eve")
    for role, access in ((FlowRole.VIEWER, Access.SEE), (FlowRole.OPERATOR, Access.OPERATE)):
        await grant(connection, flow.id, "eve", role)
        assert (await flows_by_id(connection, eve, [flow.id]))[flow.id].access is access
        found = await executions_by_id(connection, eve, [row.id, child.id])
        assert {id: seen.access for id, seen in found.items()} == {row.id: access, child.id: access}
    assert await granted_flows(connection, USERS) == [("eve", flow.id)]
    pairs = [("eve", row.id), ("ada", row.id), ("bob", row.id)]
    assert await lost_trees(connection, pairs) == {("bob", row.id)}
    await revoke(connection, flow.id, "eve")
    assert await flows_by_id(connection, eve, [flow.id]) == {}
    assert await executions_by_id(connection, eve, [row.id, child.id]) == {}
    assert await lost_trees(connection, pairs) == {("eve", row.id), ("bob", row.id)}


async def test_a_tree_is_not_seen_by_who_may_see_a_flow_that_is_called_in_it(connection: Connection) -> None:
    calling, called = await flow_of(connection, "ada"), await flow_of(connection, "eve")
    root = await create(connection, calling)
    child = await create(connection, called, owner_id="ada", root_id=root.id, parent_id=root.id, depth=1)
    assert await executions_by_id(connection, Reader("eve"), [root.id, child.id]) == {}
    assert (await executions_by_id(connection, Reader("ada"), [child.id]))[child.id].access is Access.OWN


@pytest.mark.parametrize(("role", "is_found"), [(None, False), (FlowRole.VIEWER, False), (FlowRole.OPERATOR, True)])
async def test_only_flows_that_the_owner_may_run_can_be_called(
    connection: Connection, flow: FlowRow, role: FlowRole | None, is_found: bool
) -> None:
    if role:
        await grant(connection, flow.id, "eve", role)
    assert (await version_at(connection, "eve", flow.id, flow.created_at) is not None) == is_found


@pytest.mark.parametrize("seed", range(3))
async def test_lists_have_exactly_what_is_seen(connection: Connection, seed: int) -> None:
    dice = Random(seed)
    flows = [await flow_of(connection, dice.choice(USERS)) for _ in range(6)]
    for _ in range(6):
        flow, user = dice.choice(flows), dice.choice(USERS)
        if user != flow.owner_id:
            await grant(connection, flow.id, user, dice.choice(list(FlowRole)))
    rows = [
        await create(connection, dice.choice(flows), owner_id=dice.choice(USERS), labels=dice.choice(([], [PROD])))
        for _ in range(40)
    ]
    prod = await labels_of(connection, [row.id for row in rows])
    ids = sorted((row.id for row in rows), reverse=True)
    for reader in (*map(Reader, USERS), Reader("boss", sees_all=True)):
        seen = await executions_by_id(connection, reader, ids)
        expected = [id for id in ids if id in seen]
        assert await listed(connection, reader, ExecutionFilter()) == expected
        assert await ids_matching(connection, reader, ExecutionFilter(), need=Access.OPERATE, limit=50) == [
            id for id in expected if seen[id].access >= Access.OPERATE
        ]
        for flow in flows:
            of_flow = [id for id in expected if seen[id].row.flow_id == flow.id]
            assert await listed(connection, reader, ExecutionFilter(flow_id=flow.id)) == of_flow
        of_ada = [id for id in expected if seen[id].row.owner_id == "ada"]
        assert await listed(connection, reader, ExecutionFilter(owner_id="ada")) == of_ada
        labelled = [id for id in expected if prod[id]]
        assert await listed(connection, reader, ExecutionFilter(labels=[PROD])) == labelled
        found = await list_flows(connection, reader=reader, search=None, limit=50, after=None)
        by_id = await flows_by_id(connection, reader, [flow.id for flow in flows])
        assert [flow.id for flow in found] == sorted(by_id, reverse=True)


async def listed(connection: Connection, reader: Reader, filter: ExecutionFilter) -> list[str]:
    """All ids of a list, by pages of three."""
    found: list[str] = []
    while page := await list_matching(connection, reader, filter, limit=3, after=found[-1] if found else None):
        found += [row.id for row in page]
    return found


async def test_executions_of_a_deleted_flow_are_seen_as_before(connection: Connection, flow: FlowRow) -> None:
    await grant(connection, flow.id, "eve", FlowRole.VIEWER)
    row = await create(connection, flow)
    await connection.execute("update executions set status = 'STOPPED', completed_at = now() where id = $1", row.id)
    async with connection.transaction():
        await delete_flow(connection, flow_id=flow.id, owner_id="ada")
    assert await listed(connection, Reader("eve"), ExecutionFilter()) == [row.id]
