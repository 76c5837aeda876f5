"""The journal: many appends in one commit, each written exactly once whatever happens on the way (rules 1 to 3)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from engine.errors import ClaimLost, ValueRefused
from engine.ledger import Verdict
from engine.values import Payload
from jobs.journal import Journal
from storage.append import Member, Outcome, Row, append
from storage.claims import Claim
from storage.flows import FlowRow, create_flow
from storage.pool import Connection, open_pool
from tests.eventually import eventually
from tests.pauses import locked, paused
from tests.proxy import proxy
from tests.storage.appends import AT, claimed, log_of, logs, member, set_token
from tests.storage.families import child, family, spawning, taken


@pytest.fixture
async def flow(pool: asyncpg.Pool) -> FlowRow:
    async with pool.acquire() as connection:
        return await create_flow(connection, owner_id="ada", name="Sum", description=None, document={"nodes": []})


@asynccontextmanager
async def journal(pool: asyncpg.Pool) -> AsyncIterator[Journal]:
    opened = Journal(pool, lambda execution_id, index: None)
    opened.start()
    try:
        yield opened
    finally:
        await opened.stop()


async def claims_of(pool: asyncpg.Pool, flow: FlowRow, count: int) -> list[Claim]:
    async with pool.acquire() as connection:
        return await claimed(connection, flow, count)


async def events(pool: asyncpg.Pool) -> int:
    count: int = await pool.fetchval("select count(*) from execution_events where index >= 0")
    return count


@pytest.mark.parametrize("before", [True, False], ids=["before the server has it", "after the commit"])
async def test_a_connection_cut_in_the_commit_writes_once(
    database_url: str, pool: asyncpg.Pool, flow: FlowRow, before: bool
) -> None:
    claims = await claims_of(pool, flow, 3)
    async with proxy(database_url) as link:
        through = await open_pool(link.url, name="test", size=2)
        async with journal(through) as written:
            await written.append(member(claims[0]))
            needle = claims[1].execution_id.encode()
            (link.cut_the_request_with if before else link.cut_the_answer_to)(needle)
            futures = [written.append(member(each)) for each in claims[1:]]
            assert await asyncio.gather(*futures) == [Verdict.COMMITTED] * 2
        await through.close()
    assert link.cuts == 1
    assert await events(pool) == 3


async def test_an_answer_that_is_lost_again_and_again_writes_once(
    database_url: str, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    claims = await claims_of(pool, flow, 1)
    needle = claims[0].execution_id.encode()
    async with proxy(database_url) as link:
        through = await open_pool(link.url, name="test", size=1)
        async with journal(through) as written:
            link.cut_the_answer_to(needle)
            future = written.append(member(claims[0], logs(0, 5)))
            for cuts in (1, 2):
                await eventually(lambda cuts=cuts: link.cuts == cuts)  # type: ignore[misc]
                link.cut_the_answer_to(needle)
            assert await future is Verdict.COMMITTED
        await through.close()
    assert link.cuts == 3
    assert await events(pool) == 5


async def test_an_append_whose_first_try_is_still_under_way_is_not_written_twice(
    database_url: str, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    """The client loses its connection while the server is in the middle of the statement, which then commits."""
    [own] = await claims_of(pool, flow, 1)
    async with proxy(database_url) as link, paused(database_url, "insert", "execution_events") as pause:
        through = await open_pool(link.url, name="test", size=2)
        async with journal(through) as written:
            future = written.append(member(own))
            await pause.reached()
            link.cut_all()
            await eventually(lambda: link.connections >= 1)
            await pause.end()
            assert await future is Verdict.COMMITTED
        await through.close()
    assert await events(pool) == 1


async def test_of_fifty_appends_only_the_poisoned_one_fails(pool: asyncpg.Pool, flow: FlowRow) -> None:
    claims = await claims_of(pool, flow, 50)
    poison = Row(0, "NODE_DEBUG_LOG_STRING", "a", AT, '{"log":"\x00"}')
    async with journal(pool) as written:
        futures = [written.append(member(each, [poison] if n == 31 else None)) for n, each in enumerate(claims)]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert isinstance(outcomes.pop(31), ValueRefused)
    assert outcomes == [Verdict.COMMITTED] * 49
    assert await events(pool) == 49


async def test_two_poisoned_appends_of_different_kinds_fail_alone(pool: asyncpg.Pool, flow: FlowRow) -> None:
    """One is refused by the server, the other cannot even be sent."""
    claims = await claims_of(pool, flow, 20)
    twice = [*logs(0), *logs(0)]
    unsendable = Row(0, "NODE_DEBUG_LOG_STRING", "a", AT, "\ud800")
    poison = {3: twice, 17: [unsendable]}
    async with journal(pool) as written:
        futures = [written.append(member(each, poison.get(n))) for n, each in enumerate(claims)]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, ValueRefused)] == [3, 17]
    assert await events(pool) == 18


async def test_a_member_that_breaks_the_journal_itself_fails_alone(pool: asyncpg.Pool, flow: FlowRow) -> None:
    claims = await claims_of(pool, flow, 4)
    async with journal(pool) as written:
        futures = [written.append(member(each)) for each in claims[:3]]
        broken = written.append(member(claims[3], payloads=[Payload("0" * 64, b"\xff")]))
        assert await asyncio.gather(*futures) == [Verdict.COMMITTED] * 3
        with pytest.raises(UnicodeDecodeError):
            await broken


async def test_a_frozen_row_holds_up_neither_its_batch_nor_later_ones(
    database_url: str, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    claims = await claims_of(pool, flow, 20)
    async with journal(pool) as written:
        async with locked(database_url, claims[0].execution_id):
            frozen = written.append(member(claims[0]))
            await asyncio.gather(*(written.append(member(each)) for each in claims[1:10]))
            await asyncio.gather(*(written.append(member(each)) for each in claims[10:]))
            assert not frozen.done()
        assert await frozen is Verdict.COMMITTED


async def test_a_lost_claim_fails_its_own_append_only(pool: asyncpg.Pool, flow: FlowRow) -> None:
    claims = await claims_of(pool, flow, 5)
    await set_token(pool, claims[2].execution_id, "thief")
    async with journal(pool) as written:
        outcomes = await asyncio.gather(*(written.append(member(each)) for each in claims), return_exceptions=True)
    assert isinstance(outcomes.pop(2), ClaimLost)
    assert outcomes == [Verdict.COMMITTED] * 4


async def test_two_claims_of_one_execution_are_not_sent_in_one_batch(pool: asyncpg.Pool, flow: FlowRow) -> None:
    """As in a worker that was given up, does not know it, and has claimed the same execution again."""
    [own] = await claims_of(pool, flow, 1)
    token = await set_token(pool, own.execution_id, "worker")
    async with journal(pool) as written:
        stale, valid = written.append(member(own)), written.append(member(own, token=token))
        outcomes = await asyncio.gather(stale, valid, return_exceptions=True)
    assert isinstance(outcomes[0], ClaimLost)
    assert outcomes[1] is Verdict.COMMITTED
    assert len(await log_of(pool, own.execution_id)) == 2


async def test_appends_that_come_while_one_is_under_way_share_the_next_commit(
    database_url: str, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    claims = await claims_of(pool, flow, 30)
    async with journal(pool) as written, paused(database_url, "insert", "execution_events") as pause:
        first = written.append(member(claims[0]))
        await pause.reached()
        rest = [written.append(member(each)) for each in claims[1:]]
        await pause.end()
        await asyncio.gather(first, *rest)
    transactions = await pool.fetchval("select count(distinct xmin::text) from execution_events where index = 0")
    assert transactions == 2


async def test_every_connection_terminated_in_the_middle_loses_and_repeats_nothing(
    database_url: str, pool: asyncpg.Pool, flow: FlowRow
) -> None:
    claims = await claims_of(pool, flow, 20)
    through = await open_pool(database_url, name="victim", size=3)
    async with journal(through) as written, paused(database_url, "insert", "execution_events") as pause:
        futures = [written.append(member(each)) for each in claims]
        await pause.reached()
        killed = await pool.fetch(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'"
        )
        assert killed
        await pause.end()
        assert await asyncio.gather(*futures) == [Verdict.COMMITTED] * 20
    await through.close()
    assert await events(pool) == 20


async def family_of(pool: asyncpg.Pool, flow: FlowRow, count: int) -> list[Claim]:
    """The claimed children of one root."""
    async with pool.acquire() as connection:
        await family(connection, flow, count)
        return await taken(connection, count)


async def test_spawners_that_are_too_many_together_get_what_their_tree_may_still_have(
    pool: asyncpg.Pool, flow: FlowRow
) -> None:
    claims = await family_of(pool, flow, 4)
    async with journal(pool) as written:
        futures = [written.append(spawning(each, [child(each)], limit=6)) for each in claims]
        futures += [written.append(member(each)) for each in await claims_of(pool, flow, 4)]
        outcomes = await asyncio.gather(*futures)
    assert sorted(outcomes[:4], key=str) == [Verdict.COMMITTED] * 2 + [Verdict.OVER_BUDGET] * 2
    assert outcomes[4:] == [Verdict.COMMITTED] * 4
    assert await pool.fetchval("select used from child_budgets") == 6


async def test_one_that_was_busy_when_it_went_alone_is_not_judged_by_the_next_it_goes_with(
    pool: asyncpg.Pool, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for it, but not for what it goes with: at first, and again after it was busy alone."""
    modest, greedy, other = await family_of(pool, flow, 3)
    sent: list[set[str]] = []

    async def observed(connection: Connection, members: Sequence[Member]) -> dict[str, Outcome]:
        sent.append({each.execution_id for each in members})
        if sent[-1] == {modest.execution_id} and sent.count(sent[-1]) == 1:
            return {modest.execution_id: Outcome.BUSY}
        if sent[-1] == {greedy.execution_id}:
            futures.append(written.append(spawning(other, [child(other, number) for number in range(3)], limit=5)))
        return await append(connection, members)

    monkeypatch.setattr("jobs.journal.append", observed)
    monkeypatch.setattr("jobs.journal.BUSY_SECONDS", 0.0)
    async with journal(pool) as written:
        futures = [
            written.append(spawning(modest, [child(modest)], limit=5)),
            written.append(spawning(greedy, [child(greedy, number) for number in range(3)], limit=5)),
        ]
        assert await futures[1] is Verdict.OVER_BUDGET
        assert await futures[0] is Verdict.COMMITTED
        assert await futures[2] is Verdict.OVER_BUDGET
    assert {modest.execution_id, other.execution_id} in sent


async def test_children_count_for_how_much_goes_into_one_statement(
    pool: asyncpg.Pool, flow: FlowRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.journal.BATCH_BYTES", 10_000)
    claims = await claims_of(pool, flow, 6)
    async with journal(pool) as written:
        large = [spawning(each, [child(each, inputs=f'{{"text":"{"x" * 9_000}"}}')]) for each in claims]
        assert await asyncio.gather(*(written.append(each) for each in large)) == [Verdict.COMMITTED] * 6
    transactions = await pool.fetchval("select count(distinct xmin::text) from execution_events where index = 0")
    assert transactions == 3
