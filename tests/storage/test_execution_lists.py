"""Lists of executions: filters, orders, and pages that lose and repeat nothing while others are made."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from engine.errors import QueryTooComplex
from engine.labels import Label
from engine.status import ExecutionStatus
from storage.access import Reader
from storage.executions import ExecutionRow, labels_of, list_children, list_tree
from storage.flows import AFTER_EVERY_ID, FlowRow, create_flow
from storage.lists import ExecutionFilter, list_matching, tree_sizes
from storage.pool import Connection
from storage.queries import load
from storage.transaction import transaction
from tests.storage.seeds import END, create

FAIL = """
update executions set status = 'FAILED', completed_at = clock_timestamp(), error = $2 where id = $1
"""

AFTER_ALL = datetime.max.replace(microsecond=0, tzinfo=UTC)
ERROR = r'{"code":"NODE","message":"Disk\u0000 100% full: C:\\u0000","nodeId":"n"}'

Page = Callable[[str | None], Awaitable[list[ExecutionRow]]]


async def all_pages(page: Page, between: Callable[[], Awaitable[object]]) -> list[str]:
    """The ids of all pages, when something happens between each two."""
    seen: list[str] = []
    while rows := await page(seen[-1] if seen else None):
        seen += [row.id for row in rows]
        await between()
    return seen


async def found(connection: Connection, filter: ExecutionFilter, flow: FlowRow | None = None) -> list[str]:
    filter = replace(filter, flow_id=flow.id) if flow else filter
    return [row.id for row in await list_matching(connection, Reader("ada"), filter, limit=100)]


async def tree_of_seven(connection: Connection, flow: FlowRow) -> list[ExecutionRow]:
    """A root, two children, two grandchildren of each; by depth and creation."""
    root = await create(connection, flow)
    children = [await create(connection, flow, root_id=root.id, parent_id=root.id, depth=1) for _ in range(2)]
    grandchildren = [
        await create(connection, flow, root_id=root.id, parent_id=child.id, depth=2)
        for child in children
        for _ in range(2)
    ]
    await connection.execute("insert into child_budgets (root_id, used) values ($1, 6)", root.id)
    return [root, *children, *grandchildren]


@pytest.mark.parametrize("of_flow", [True, False], ids=["of a flow", "of an owner"])
async def test_pages_of_roots_join_without_gap_while_others_are_made(
    connection: Connection, flow: FlowRow, of_flow: bool
) -> None:
    before = [(await create(connection, flow)).id for _ in range(11)]
    filter = ExecutionFilter(flow_id=flow.id if of_flow else None)
    seen = await all_pages(
        lambda after: list_matching(connection, Reader("ada"), filter, limit=3, after=after),
        lambda: create(connection, flow),
    )
    assert seen == before[::-1]


async def test_pages_of_children_join_without_gap_while_others_are_made(connection: Connection, flow: FlowRow) -> None:
    root = await create(connection, flow)

    async def spawn() -> str:
        return (await create(connection, flow, root_id=root.id, parent_id=root.id, depth=1)).id

    before = [await spawn() for _ in range(7)]
    seen = await all_pages(lambda after: list_children(connection, root.id, 2, after), spawn)
    assert seen == before[::-1]


async def test_a_page_of_a_tree_goes_on_behind_depth_and_id_and_sees_what_is_spawned_further_down(
    connection: Connection, flow: FlowRow
) -> None:
    members = await tree_of_seven(connection, flow)
    root, late = members[0], []
    seen: list[str] = []
    after = None
    while page := await list_tree(connection, root_id=root.id, owner_id="ada", max_level=None, limit=2, after=after):
        seen += [row.id for row in page]
        after = page[-1].depth, page[-1].id
        if len(late) < 3:
            late.append((await create(connection, flow, root_id=root.id, parent_id=root.id, depth=3)).id)
    assert seen == [row.id for row in members] + late


async def test_a_tree_can_be_cut_at_a_level_and_is_shown_to_its_owner_only(
    connection: Connection, flow: FlowRow
) -> None:
    members = await tree_of_seven(connection, flow)
    root_id = members[0].id
    for level, count in ((0, 1), (1, 3), (2, 7), (9, 7)):
        rows = await list_tree(connection, root_id=root_id, owner_id="ada", max_level=level, limit=50, after=None)
        assert rows == members[:count]
    assert await list_tree(connection, root_id=root_id, owner_id="eve", max_level=None, limit=9, after=None) == []


async def test_sizes_of_trees_leave_the_root_out_and_count_its_level(connection: Connection, flow: FlowRow) -> None:
    members = await tree_of_seven(connection, flow)
    alone = await create(connection, flow)
    assert await tree_sizes(connection, [members[0].id, alone.id, "EX0"]) == {members[0].id: (3, 6), alone.id: (1, 0)}


async def test_roots_are_listed_by_owner_and_flow_and_without_children(connection: Connection, flow: FlowRow) -> None:
    other = await create_flow(connection, owner_id="ada", name="Other", description=None, document={})
    foreign = await create_flow(connection, owner_id="eve", name="Eve's", description=None, document={})
    mine = (await tree_of_seven(connection, flow))[0].id
    of_other = (await create(connection, other)).id
    await create(connection, foreign)
    assert await found(connection, ExecutionFilter()) == [of_other, mine]
    assert await found(connection, ExecutionFilter(), flow) == [mine]


async def test_a_filter_by_parent_lists_its_children(connection: Connection, flow: FlowRow) -> None:
    other = await create_flow(connection, owner_id="ada", name="Other", description=None, document={})
    root, first, second, *_ = await tree_of_seven(connection, flow)
    children = ExecutionFilter(parent_execution_id=root.id)
    assert await found(connection, children) == [second.id, first.id]
    assert await found(connection, children, flow) == [second.id, first.id]
    assert await found(connection, children, other) == []
    await connection.execute(END, first.id)
    running = ExecutionFilter(parent_execution_id=root.id, statuses=[ExecutionStatus.CREATED])
    assert await found(connection, running) == [second.id]


async def test_statuses_and_errors_filter(connection: Connection, flow: FlowRow) -> None:
    created, completed, failed = [(await create(connection, flow)).id for _ in range(3)]
    await connection.execute(END, completed)
    await connection.execute(FAIL, failed, ERROR)
    ended = [ExecutionStatus.COMPLETED, ExecutionStatus.FAILED]
    assert await found(connection, ExecutionFilter(statuses=ended)) == [failed, completed]
    assert await found(connection, ExecutionFilter(statuses=[])) == []
    assert await found(connection, ExecutionFilter(has_error=True)) == [failed]
    assert await found(connection, ExecutionFilter(has_error=False)) == [completed, created]
    assert await found(connection, ExecutionFilter(has_error=False, statuses=ended)) == [completed]


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("disk", True),
        ("100% FULL", True),
        ("%", True),
        ("_", False),
        ("C:\\", True),
        ("NODE", False),
        ("message", False),
    ],
)
async def test_a_search_in_errors_reads_the_message_only_and_takes_wildcards_literally(
    connection: Connection, flow: FlowRow, text: str, matches: bool
) -> None:
    failed = (await create(connection, flow)).id
    await create(connection, flow)
    await connection.execute(FAIL, failed, ERROR)
    assert await found(connection, ExecutionFilter(error_contains=text)) == ([failed] if matches else [])


async def test_a_time_span_counts_its_beginning_in_and_its_end_out(connection: Connection, flow: FlowRow) -> None:
    first, second = [await create(connection, flow) for _ in range(2)]
    assert first.created_at < second.created_at
    since = ExecutionFilter(created_after=second.created_at)
    assert await found(connection, since) == [second.id]
    assert await found(connection, ExecutionFilter(created_before=second.created_at)) == [first.id]
    later = ExecutionFilter(created_after=second.created_at + timedelta(microseconds=1))
    assert await found(connection, later) == []


async def test_labels_have_to_be_there_all_of_them_and_are_those_of_the_root_for_its_children_too(
    connection: Connection, flow: FlowRow
) -> None:
    prod, test, ada, bob = Label("env", "prod"), Label("env", "test"), Label("who", "ada"), Label("who", "bob")
    one = await create(connection, flow, labels=[prod, ada])
    two = await create(connection, flow, labels=[bob, prod])
    await create(connection, flow)
    child = (await create(connection, flow, root_id=one.id, parent_id=one.id, depth=1)).id
    foreign = await create_flow(connection, owner_id="eve", name="Eve's", description=None, document={})
    await create(connection, foreign, owner_id="eve", labels=[prod])
    assert await found(connection, ExecutionFilter(labels=[prod])) == [two.id, one.id]
    assert await found(connection, ExecutionFilter(labels=[prod, bob])) == [two.id]
    assert await found(connection, ExecutionFilter(labels=[test])) == []
    assert await found(connection, ExecutionFilter(labels=[test, bob])) == []
    assert await found(connection, ExecutionFilter(labels=[ada], parent_execution_id=one.id)) == [child]
    assert await found(connection, ExecutionFilter(labels=[bob], parent_execution_id=one.id)) == []
    assert await labels_of(connection, [two.id, one.id, "EX0"]) == {two.id: [bob, prod], one.id: [prod, ada], "EX0": []}


@pytest.mark.parametrize("rare", ["label", "error", "flow", "owner"])
async def test_whatever_is_the_rarest_of_what_is_asked_the_same_is_found(
    connection: Connection, flow: FlowRow, rare: str
) -> None:
    """Each of the four ways has one root, where the others that apply have more."""
    label = Label("env", "prod")
    rows = [await create(connection, flow, labels=[label]) for _ in range(4)]
    other = await create_flow(connection, owner_id="ada", name="Other", description=None, document={})
    target = await create(connection, other if rare == "flow" else flow, labels=[label, Label("only", "one")])
    for row in [*rows, target]:
        if rare != "error" or row is target:
            await connection.execute(FAIL, row.id, ERROR)
    if rare == "owner":
        await connection.execute(END, target.id)
        await connection.execute("update executions set error = $2 where id = $1", target.id, ERROR)
    asked = {
        "label": ExecutionFilter(labels=[label, Label("only", "one")], error_contains="disk"),
        "error": ExecutionFilter(labels=[label], has_error=True),
        "flow": ExecutionFilter(labels=[label], error_contains="disk", flow_id=other.id),
        "owner": ExecutionFilter(labels=[label], error_contains="disk", statuses=[ExecutionStatus.COMPLETED]),
    }[rare]
    assert await found(connection, asked) == [target.id]
    assert await leading_way(connection, asked) == rare


async def leading_way(connection: Connection, filter: ExecutionFilter) -> str:
    """What the database takes for the rarest of what is asked."""
    names, values = zip(*filter.labels, strict=True)
    outcomes = ["UNFINISHED", "COMPLETED", "FAILED", "STOPPED"] if filter.statuses is None else filter.statuses
    row = await connection.fetchrow(
        load("lists")["rarest"], "ada", names, values, outcomes, filter.flow_id, True, AFTER_EVERY_ID, ""
    )
    assert row is not None
    return str(row["way"])


@pytest.mark.parametrize(
    "filter",
    [
        ExecutionFilter(labels=[Label("env", "prod")]),
        ExecutionFilter(error_contains="disk"),
        ExecutionFilter(statuses=[ExecutionStatus.FAILED, ExecutionStatus.CREATED]),
    ],
    ids=["labels", "errors", "statuses"],
)
async def test_pages_of_what_matches_join_without_gap_while_others_are_made(
    connection: Connection, flow: FlowRow, filter: ExecutionFilter
) -> None:
    async def fail() -> str:
        execution_id = (await create(connection, flow, labels=[Label("env", "prod")])).id
        await connection.execute(FAIL, execution_id, ERROR)
        return execution_id

    before = [await fail() for _ in range(5)]
    seen = await all_pages(lambda after: list_matching(connection, Reader("ada"), filter, limit=2, after=after), fail)
    assert seen == before[::-1]


async def test_equal_and_extreme_bounds_of_time_find_nothing_or_everything(
    connection: Connection, flow: FlowRow
) -> None:
    row = await create(connection, flow)
    at = row.created_at
    assert await found(connection, ExecutionFilter(created_after=at, created_before=at)) == []
    assert await found(connection, ExecutionFilter(created_after=at, created_before=at - timedelta(days=9))) == []
    ever = ExecutionFilter(created_after=datetime.min.replace(tzinfo=UTC), created_before=AFTER_ALL)
    assert await found(connection, ever) == [row.id]


async def test_what_is_not_found_in_time_is_refused_and_the_connection_can_be_used_on(
    pool: asyncpg.Pool, connection: Connection, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.lists.PATIENCE_SECONDS", 0.05)
    async with transaction(pool) as other:
        await other.execute("lock table execution_heads in access exclusive mode")
        with pytest.raises(QueryTooComplex, match=r"within 0\.05 s"):
            await found(connection, ExecutionFilter())
    monkeypatch.setattr("storage.lists.PATIENCE_SECONDS", 10.0)
    assert await found(connection, ExecutionFilter()) == []
