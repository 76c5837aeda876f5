"""Commands to many executions over the API: who is meant, what each answers, and that workers hear of it."""

import asyncio
from itertools import product

import asyncpg
import pytest
from redis.asyncio import Redis

from jobs.dispatch import QUEUE
from storage.claims import claim
from storage.shards import COMMANDS, channel, shard_of
from tests.api.client import Client, Json
from tests.api.flows import APPROVAL, created
from tests.api.trees import spawn
from tests.eventually import PATIENCE, eventually

SHOWN = "{ results { executionId accepted code message } hasMore }"
STOP = f"""mutation($filter: ExecutionFilter!, $limit: Int! = 100) {{
  stopExecutions(filter: $filter, reason: "all of you", limit: $limit) {SHOWN} }}"""
PAUSE = f"""mutation($filter: ExecutionFilter!, $limit: Int! = 100) {{
  pauseExecutions(filter: $filter, limit: $limit) {SHOWN} }}"""
RESUME = f"""mutation($filter: ExecutionFilter!, $limit: Int! = 100) {{
  resumeExecutions(filter: $filter, limit: $limit) {SHOWN} }}"""
START = "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }"
STATUS = "query($id: ID!) { execution(id: $id) { status pendingCommands } }"
EVERY: Json = ["CREATED", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "STOPPED"]


async def accepted(client: Client, query: str, **given: Json) -> list[str]:
    """Who has accepted, where nobody refuses and there is no more."""
    (payload,) = (await client.ask(query, **given)).values()
    assert not payload["hasMore"]
    assert {(each["accepted"], each["code"], each["message"]) for each in payload["results"]} <= {(True, None, None)}
    return [each["executionId"] for each in payload["results"]]


@pytest.fixture
async def flow(client: Client) -> str:
    return await client.create_flow()


async def test_pause_resume_and_stop_reach_those_that_can_accept_them(client: Client, flow: str) -> None:
    new, running = [await client.create_execution(flow) for _ in range(2)]
    await client.ask(START, id=running)
    of_flow = {"flowId": flow}
    assert await accepted(client, PAUSE, filter=of_flow) == [running]
    assert await accepted(client, RESUME, filter=of_flow) == [running]
    assert await accepted(client, STOP, filter=of_flow) == [running, new]
    assert await accepted(client, STOP, filter=of_flow) == []
    shown = (await client.ask(STATUS, id=running))["execution"]
    assert shown == {"status": "CREATED", "pendingCommands": ["START", "PAUSE", "RESUME", "STOP"]}


async def test_who_is_asked_by_status_and_refuses_says_so_and_the_others_do_not_mind(client: Client, flow: str) -> None:
    refusing, accepting = [await client.create_execution(flow) for _ in range(2)]
    await client.ask(START, id=accepting)
    paused = (await client.ask(PAUSE, filter={"statuses": ["CREATED"]}))["pauseExecutions"]
    assert paused["hasMore"] is False
    assert paused["results"] == [
        {"executionId": accepting, "accepted": True, "code": None, "message": None},
        {
            "executionId": refusing,
            "accepted": False,
            "code": "INVALID_STATE",
            "message": "Cannot pause an execution in status CREATED",
        },
    ]


async def test_repeated_until_there_is_no_more_it_has_reached_all(client: Client, flow: str) -> None:
    ids = [await client.create_execution(flow) for _ in range(5)][::-1]
    seen, has_more = [], True
    while has_more:
        stopped = (await client.ask(STOP, filter={"statuses": EVERY}, limit=2))["stopExecutions"]
        seen.append([each["executionId"] for each in stopped["results"] if each["accepted"]])
        has_more = stopped["hasMore"]
    assert seen == [ids[:2], ids[2:4], ids[4:]]


async def test_a_limit_out_of_range_is_refused_and_nothing_is_commanded(client: Client, flow: str) -> None:
    execution = await client.create_execution(flow)
    for query, limit in product((STOP, PAUSE, RESUME), (0, -1, 1001)):
        assert await client.failure(query, filter={}, limit=limit) == {"code": "BAD_USER_INPUT", "field": "limit"}
    assert (await client.ask(STATUS, id=execution))["execution"]["pendingCommands"] == []
    assert await accepted(client, STOP, filter={}, limit=1000) == [execution]


async def test_roots_are_meant_and_with_a_parent_its_children(
    client: Client, flow: str, connection: asyncpg.Connection
) -> None:
    root = await client.create_execution(flow, labels=[{"name": "who", "value": "ada"}])
    child = await spawn(connection, root, "EX1")
    await spawn(connection, child, "EX2")
    labelled = {"labels": [{"name": "who", "value": "ada"}]}
    assert await accepted(client, STOP, filter={**labelled, "parentExecutionId": root}) == [child]
    assert await accepted(client, STOP, filter=labelled) == [root]


async def test_a_filter_that_nothing_can_match_commands_nothing(client: Client, flow: str) -> None:
    await client.create_execution(flow)
    for filter in (
        {"flowId": "FL0"},
        {"ownerId": "somebody"},
        {"parentExecutionId": "EX0"},
        {"statuses": []},
        {"labels": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]},
        {"hasError": True},
        {"hasError": False, "errorContains": ""},
    ):
        assert await accepted(client, STOP, filter=filter) == [], filter


async def test_what_is_wrong_in_a_filter_is_named_for_lists_and_for_commands(client: Client) -> None:
    roots = "query($filter: ExecutionFilter) { rootExecutions(filter: $filter) { edges { cursor } } }"
    for filter, field in (
        ({"labels": [{"name": "", "value": ""}]}, "filter.labels.0.name"),
        ({"errorContains": "\x00"}, "filter.errorContains"),
        ({"errorContains": "x" * 1001}, "filter.errorContains"),
        ({"flowId": "\x00"}, "filter.flowId"),
        ({"ownerId": "\ud800"}, "filter.ownerId"),
        ({"parentExecutionId": "\x00"}, "filter.parentExecutionId"),
        ({"statuses": ["ENDED"]}, "filter.statuses.0"),
        ({"createdBefore": "yesterday"}, "filter.createdBefore"),
    ):
        for query in (roots, STOP, PAUSE, RESUME):
            assert await client.failure(query, filter=filter) == {"code": "BAD_USER_INPUT", "field": field}


async def test_the_worker_that_holds_one_is_told_and_for_the_others_the_bell_rings(
    client: Client, flow: str, connection: asyncpg.Connection, redis_url: str
) -> None:
    held = await client.create_execution(flow)
    async with Redis.from_url(redis_url) as redis:
        await claim(connection, "worker", 1)
        heard: asyncio.Queue[str] = asyncio.Queue()
        await connection.add_listener(channel(COMMANDS, shard_of(held)), lambda *news: heard.put_nowait(news[-1]))
        assert await accepted(client, STOP, filter={}) == [held]
        async with asyncio.timeout(PATIENCE):
            assert await heard.get() == f"{held}:1"
        parked = await client.create_execution(flow)
        await eventually(lambda: redis.zcard(QUEUE))
        await redis.delete(QUEUE)
        assert await accepted(client, STOP, filter={}) == [parked]
        await eventually(lambda: redis.zcard(QUEUE))


@pytest.mark.usefixtures("worker")
async def test_all_that_wait_are_stopped_by_one_call(client: Client) -> None:
    ids = [await created(client, APPROVAL) for _ in range(3)]
    for id in ids:
        await client.ask(START, id=id)

    async def statuses() -> set[str]:
        return {(await client.ask(STATUS, id=id))["execution"]["status"] for id in ids}

    async def all_are(status: str) -> bool:
        return await statuses() == {status}

    await eventually(lambda: all_are("RUNNING"))
    assert await accepted(client, STOP, filter={"statuses": ["RUNNING"]}) == ids[::-1]
    await eventually(lambda: all_are("STOPPED"))
