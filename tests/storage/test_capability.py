"""What workers decline: it is passed over by them alone, and it shows when all of them have (durability rule 12)."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from engine.status import ExecutionCommand
from storage.capability import (
    Kind,
    Refusal,
    decline,
    is_anything_left_to_others,
    is_left_to_nobody,
    without_capable_worker,
)
from storage.claims import (
    NO_LIMITS,
    Claim,
    Limits,
    claim_but_declined,
    claim_errands,
    claim_within,
    next_within,
    release_all,
)
from storage.commands import send_command
from storage.flows import FlowRow, create_flow, flow_versions_by_id, update_flow
from storage.pool import Connection
from storage.transaction import transaction
from storage.workers import register, remove
from tests.invariants import check_invariants
from tests.storage.families import family
from tests.storage.seeds import create

OLD, NEW = "old", "new"


@pytest.fixture(autouse=True)
async def _sound(pool: asyncpg.Pool) -> AsyncIterator[None]:
    yield
    async with pool.acquire() as connection:
        await check_invariants(connection)


@pytest.fixture
async def changed(connection: Connection, flow: FlowRow) -> FlowRow:
    """The flow with a second version, which the old worker, of two, has declined."""
    for worker_id in (OLD, NEW):
        await enter(connection, worker_id)
    row = await update_flow(
        connection,
        flow_id=flow.id,
        owner_id=flow.owner_id,
        name="Sum",
        description=None,
        document={"nodes": []},
        expected_version=1,
    )
    await refuse(connection, OLD, second(row))
    return row


async def enter(connection: Connection, worker_id: str, *, takes_work: bool = True) -> None:
    await register(connection, worker_id, host="h", pid=1, concurrency=8, takes_work=takes_work)


def second(flow: FlowRow, log_format: int = 1) -> Kind:
    return Kind(flow.id, 2, log_format)


async def refuse(connection: Connection, worker_id: str, kind: Kind) -> None:
    await decline(connection, worker_id, kind, f"No, says {worker_id}.")


def ids(claims: Sequence[Claim]) -> list[str]:
    return [each.execution_id for each in claims]


async def test_what_a_worker_has_declined_is_passed_over_by_it_alone(connection: Connection, changed: FlowRow) -> None:
    later = await create(connection, changed, flow_version=2, priority=9)
    plain = await create(connection, changed)
    assert ids(await claim_but_declined(connection, OLD, 10)) == [plain.id]
    assert ids(await claim_but_declined(connection, NEW, 10)) == [later.id]


async def test_what_is_declined_takes_nobody_elses_turn(connection: Connection, changed: FlowRow) -> None:
    for _ in range(100):
        await create(connection, changed, flow_version=2, priority=9)
    others = [
        await create_flow(connection, owner_id=f"o{n}", name="O", description=None, document={}) for n in range(3)
    ]
    wanted = {(await create(connection, each)).id for each in (changed, *others)}
    assert set(ids(await claim_but_declined(connection, OLD, 4))) == wanted


async def test_what_is_declined_is_passed_over_within_limits(
    connection: Connection, pool: asyncpg.Pool, changed: FlowRow
) -> None:
    await create(connection, changed, flow_version=2, priority=9)
    plain = [await create(connection, changed) for _ in range(2)]
    async with transaction(pool) as own:
        assert ids(await claim_within(own, Limits(flow=1), OLD, 10)) == [plain[0].id]
    async with transaction(pool) as own:
        assert ids(await claim_within(own, Limits(flow=1), NEW, 10)) == []
    await release_all(connection, OLD, lost=False)


async def test_another_format_of_logs_is_another_matter(connection: Connection, changed: FlowRow) -> None:
    for worker_id in (OLD, NEW):
        await refuse(connection, worker_id, Kind(changed.id, 1, 2))
    newer, plain = await create(connection, changed), await create(connection, changed)
    await connection.execute("update executions set log_format = 2 where id = $1", newer.id)
    await connection.execute("update queue set log_format = 2 where execution_id = $1", newer.id)
    assert ids(await claim_but_declined(connection, OLD, 10)) == [plain.id]
    assert list(await without_capable_worker(connection, [newer.id, plain.id])) == [newer.id]


async def test_an_older_version_is_served_in_the_fair_order_whatever_version_is_declined(
    connection: Connection, changed: FlowRow
) -> None:
    rows = [await create(connection, changed, priority=n % 3) for n in range(9)]
    wanted = [row.id for row in sorted(rows, key=lambda row: -row.priority)]
    assert ids(await claim_but_declined(connection, OLD, 20)) == wanted


async def test_what_is_declined_is_nothing_that_waits_for_the_worker(connection: Connection, changed: FlowRow) -> None:
    await create(connection, changed, flow_version=2)
    assert await next_within(connection, NO_LIMITS, OLD) is None
    assert await next_within(connection, NO_LIMITS, NEW) is not None


async def test_a_worker_knows_what_is_left_to_others_and_when_it_is_left_to_nobody(
    connection: Connection, changed: FlowRow
) -> None:
    assert not await is_anything_left_to_others(connection, OLD)
    await create(connection, changed, flow_version=2)
    assert await is_anything_left_to_others(connection, OLD)
    assert not await is_anything_left_to_others(connection, NEW)
    assert not await is_left_to_nobody(connection, second(changed))
    await refuse(connection, NEW, second(changed))
    assert not await is_anything_left_to_others(connection, OLD)
    assert await is_left_to_nobody(connection, second(changed))


async def test_an_execution_that_all_workers_have_declined_says_why(connection: Connection, changed: FlowRow) -> None:
    later, plain = await create(connection, changed, flow_version=2), await create(connection, changed)
    both = [later.id, plain.id]
    assert await without_capable_worker(connection, both) == {}
    await refuse(connection, NEW, second(changed))
    told = {later.id: [Refusal(NEW, "No, says new."), Refusal(OLD, "No, says old.")]}
    assert await without_capable_worker(connection, both) == told
    await enter(connection, "newest")
    assert await without_capable_worker(connection, both) == {}


async def test_the_worker_of_a_single_execution_counts_for_nothing(connection: Connection, changed: FlowRow) -> None:
    await refuse(connection, NEW, second(changed))
    await enter(connection, "alone", takes_work=False)
    assert await is_left_to_nobody(connection, second(changed))


async def test_what_a_worker_has_declined_goes_with_it(connection: Connection, changed: FlowRow) -> None:
    await remove(connection, OLD)
    assert await connection.fetchval("select count(*) from declined") == 0
    await refuse(connection, OLD, second(changed))
    assert await connection.fetchval("select count(*) from declined") == 0


async def test_an_errand_to_what_was_declined_is_run_only_to_stop_it_and_only_if_nobody_else_can(
    connection: Connection, changed: FlowRow
) -> None:
    row = await create(connection, changed, flow_version=2)
    await send_command(connection, row.id, ExecutionCommand.SET_BREAKPOINTS, {"nodeIds": []})
    assert ids(await claim_errands(connection, OLD, 10)) == []
    await refuse(connection, NEW, second(changed))
    assert ids(await claim_errands(connection, OLD, 10)) == []
    await send_command(connection, row.id, ExecutionCommand.STOP)
    assert ids(await claim_errands(connection, OLD, 10)) == [row.id]


async def test_a_stop_that_another_worker_can_see_to_is_left_to_it(connection: Connection, changed: FlowRow) -> None:
    row = await create(connection, changed, flow_version=2)
    await send_command(connection, row.id, ExecutionCommand.STOP)
    assert ids(await claim_errands(connection, OLD, 10)) == []
    assert ids(await claim_errands(connection, NEW, 10)) == [row.id]


async def test_a_child_waits_for_what_its_own_version_needs(connection: Connection, changed: FlowRow) -> None:
    _, [child] = await family(connection, changed)
    row = await connection.fetchrow("select flow_version, log_format from queue where execution_id = $1", child)
    assert tuple(row or ()) == (1, 1)


async def test_what_a_version_relies_on_is_kept_as_it_was_given(connection: Connection, changed: FlowRow) -> None:
    made = await create_flow(
        connection, owner_id="ada", name="P", description=None, document={}, node_types={"a.b": "digest"}
    )
    found = await flow_versions_by_id(connection, [(made.id, 1), (changed.id, 2)])
    assert [found[made.id, 1].node_types, found[changed.id, 2].node_types] == [{"a.b": "digest"}, None]
