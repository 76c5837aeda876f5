"""Schedules over the API: made, shown, paused, and fired by a worker that was asleep."""

from datetime import UTC, datetime

import asyncpg
import pytest

from storage import schedules as store
from tests.api.client import DOUBLING, Client, Json
from tests.eventually import eventually

FIELDS = """id flowId ownerId cron timeZone catchUp inputs createdAt paused nextFireAt lastFireAt lastExecutionId
    lastError"""
CREATE = f"mutation($i: CreateScheduleInput!) {{ createSchedule(input: $i) {{ schedule {{ {FIELDS} }} }} }}"
LIST = """query($flow: ID, $first: Int! = 50, $after: String) { schedules(flowId: $flow, first: $first, after: $after) {
    edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Schedule { paused nextFireAt lastExecutionId } } }"
UPDATE = "mutation($id: ID!, $d: JSON!) { updateFlow(input: {id: $id, document: $d}) { flow { id } } }"


def change(mutation: str) -> str:
    return f"mutation($id: ID!) {{ {mutation}(id: $id) {{ schedule {{ {FIELDS} }} }} }}"


async def create(client: Client, flow: str, **given: Json) -> Json:
    made = await client.ask(CREATE, i={"flowId": flow, "cron": "30 2 * * *", "inputs": {"number": 4}, **given})
    return made["createSchedule"]["schedule"]


async def test_a_schedule_shows_what_it_was_given_and_when_it_is_due(client: Client) -> None:
    flow = await client.create_flow()
    made = await create(client, flow, cron="0 0 1 1 *", timeZone="Europe/Berlin", catchUp="ALL")
    due = datetime.fromisoformat(made["nextFireAt"])
    assert (due.month, due.day, due.hour) == (12, 31, 23)
    assert due > datetime.now(UTC)
    assert made == {
        "id": made["id"],
        "flowId": flow,
        "ownerId": made["ownerId"],
        "cron": "0 0 1 1 *",
        "timeZone": "Europe/Berlin",
        "catchUp": "ALL",
        "inputs": {"number": 4},
        "createdAt": made["createdAt"],
        "paused": False,
        "nextFireAt": made["nextFireAt"],
        "lastFireAt": None,
        "lastExecutionId": None,
        "lastError": None,
    }
    assert (await client.ask(NODE, id=made["id"]))["node"]["__typename"] == "Schedule"


async def test_a_schedule_is_in_utc_and_makes_up_for_the_latest_time_unless_told_otherwise(client: Client) -> None:
    made = await create(client, await client.create_flow(), cron="@daily")
    assert (made["timeZone"], made["catchUp"]) == ("UTC", "LATEST")
    assert made["nextFireAt"].endswith("T00:00:00.000Z")


REFUSED: list[tuple[Json, str]] = [
    ({"cron": "0 0 30 2 *"}, "input.cron"),
    ({"cron": "every day"}, "input.cron"),
    ({"timeZone": "Mars/Olympus"}, "input.timeZone"),
    ({"inputs": {"number": "four"}}, "input.inputs.number"),
    ({"inputs": {}}, "input.inputs.number"),
    ({"inputs": [1]}, "input.inputs"),
    ({"inputs": {"number": 1, "other": 2}}, "input.inputs.other"),
]


async def test_a_schedule_that_could_not_run_is_refused_with_the_field(client: Client) -> None:
    flow = await client.create_flow()
    for given, field in REFUSED:
        refused = await client.failure(CREATE, i={"flowId": flow, "cron": "@daily", "inputs": {"number": 4}, **given})
        assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", field)
    assert (await client.ask(LIST))["schedules"]["edges"] == []


async def test_a_paused_schedule_is_not_due_and_goes_on_from_now(
    client: Client, connection: asyncpg.Connection
) -> None:
    made = await create(client, await client.create_flow())
    await connection.execute("update schedules set next_fire_at = now() - interval '3 days'")
    for _ in range(2):
        paused = (await client.ask(change("pauseSchedule"), id=made["id"]))["pauseSchedule"]["schedule"]
        assert (paused["paused"], paused["nextFireAt"]) == (True, None)
    for _ in range(2):
        resumed = (await client.ask(change("resumeSchedule"), id=made["id"]))["resumeSchedule"]["schedule"]
        assert resumed == made


async def test_resuming_what_is_not_paused_leaves_what_it_has_missed(
    client: Client, connection: asyncpg.Connection
) -> None:
    made = await create(client, await client.create_flow())
    missed = await connection.fetchval("update schedules set next_fire_at = '2026-01-01 02:30Z' returning next_fire_at")
    resumed = (await client.ask(change("resumeSchedule"), id=made["id"]))["resumeSchedule"]["schedule"]
    assert datetime.fromisoformat(resumed["nextFireAt"]) == missed


async def test_schedules_are_listed_newest_first_of_one_flow_or_all(client: Client) -> None:
    one, other = await client.create_flow(), await client.create_flow()
    ids = [(await create(client, flow))["id"] for flow in (one, other, one)]
    listed = (await client.ask(LIST, first=2))["schedules"]
    assert [edge["node"]["id"] for edge in listed["edges"]] == [ids[2], ids[1]]
    rest = (await client.ask(LIST, after=listed["pageInfo"]["endCursor"]))["schedules"]
    assert [edge["node"]["id"] for edge in rest["edges"]] == [ids[0]]
    assert not rest["pageInfo"]["hasNextPage"]
    of_one = (await client.ask(LIST, flow=one))["schedules"]
    assert [edge["node"]["id"] for edge in of_one["edges"]] == [ids[2], ids[0]]


async def test_a_deleted_schedule_and_one_of_a_deleted_flow_are_not_found(client: Client) -> None:
    flow = await client.create_flow()
    first, second = [(await create(client, flow))["id"] for _ in range(2)]
    deleted = await client.ask("mutation($id: ID!) { deleteSchedule(id: $id) { deletedId } }", id=first)
    assert deleted["deleteSchedule"]["deletedId"] == first
    assert (await client.failure(NODE, id=first))["code"] == "NOT_FOUND"
    await client.ask("mutation($id: ID!) { deleteFlow(id: $id) { deletedId } }", id=flow)
    assert (await client.failure(NODE, id=second))["code"] == "NOT_FOUND"
    assert (await client.failure(change("pauseSchedule"), id=second))["code"] == "NOT_FOUND"
    refused = await client.failure(CREATE, i={"flowId": flow, "cron": "@daily"})
    assert refused["code"] == "NOT_FOUND"


async def test_nobody_has_more_schedules_than_the_limit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_OF_OWNER", 1)
    flow = await client.create_flow()
    await create(client, flow)
    refused = await client.failure(CREATE, i={"flowId": flow, "cron": "@daily", "inputs": {"number": 4}})
    assert refused["code"] == "CONFLICT"
    assert len((await client.ask(LIST))["schedules"]["edges"]) == 1


async def test_a_sleeping_worker_hears_of_a_schedule_and_shows_what_it_has_made(
    client: Client, connection: asyncpg.Connection, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps for longer than the test lasts, unless it is woken."""
    monkeypatch.setattr("jobs.schedules.LONGEST_NAP", 600.0)
    flow = await client.create_flow()
    await eventually(lambda: connection.fetchval("select count(*) > 0 from workers"))
    made = await create(client, flow, cron="0 0 1 1 *")
    await connection.execute("update schedules set next_fire_at = now() - interval '1 s'")
    await client.ask(change("resumeSchedule"), id=made["id"])

    async def fired() -> str | None:
        return (await client.ask(NODE, id=made["id"]))["node"]["lastExecutionId"]

    await eventually(fired)
    asked = "query($id: ID!) { execution(id: $id) { status outputs labels { name value } integration } }"

    async def ended() -> bool:
        return (await client.ask(asked, id=await fired()))["execution"]["status"] == "COMPLETED"

    await eventually(ended)
    shown = (await client.ask(asked, id=await fired()))["execution"]
    assert shown["outputs"] == {"doubled": 8}
    assert shown["labels"] == [{"name": "schedule", "value": made["id"]}]
    assert shown["integration"]["schedule"]["id"] == made["id"]


async def test_why_a_schedule_did_not_fire_is_shown(
    client: Client, connection: asyncpg.Connection, worker: None
) -> None:
    flow = await client.create_flow()
    made = await create(client, flow)
    more = {"id": "more", "type": "flow.input", "inputs": {"name": "more"}}
    await client.ask(UPDATE, id=flow, d={**DOUBLING, "nodes": [*DOUBLING["nodes"], more]})
    await connection.execute("update schedules set next_fire_at = now() - interval '1 s'")
    await client.ask(change("resumeSchedule"), id=made["id"])
    asked = "query($id: ID!) { node(id: $id) { ... on Schedule { lastError lastExecutionId nextFireAt } } }"

    async def failed() -> bool:
        return (await client.ask(asked, id=made["id"]))["node"]["lastError"] is not None

    await eventually(failed)
    shown = (await client.ask(asked, id=made["id"]))["node"]
    assert shown == {
        "lastError": "The input 'more' is missing.",
        "lastExecutionId": None,
        "nextFireAt": made["nextFireAt"],
    }
