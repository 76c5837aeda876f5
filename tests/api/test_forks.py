"""Retries and forks over the API: what they take over, what they run again, what is refused."""

from typing import Any

import asyncpg
import pytest

from tests.api.client import Client, Json
from tests.api.flows import LISTENING, created
from tests.eventually import eventually
from tests.invariants import check_invariants

# arq closes its connection by a name that redis has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")

RETRY = """mutation($id: ID!, $key: String) {
  retryExecution(executionId: $id, idempotencyKey: $key) { created execution { id status forkedFromId } } }"""

FORK = """mutation($i: ForkExecutionInput!) { forkExecution(input: $i) { created execution {
  id forkedFromId rootExecutionId parentExecutionId depth inputs integration priority lastEventIndex pendingCommands
  labels { name value } flowVersion { version } options { maxConcurrency breakpoints }
  nodeStates { edges { node { nodeId status attempt outputs } } } } } }"""

SHOWN = """query($id: ID!) { execution(id: $id) {
  status outputs completedAt error { nodeId } externalEvents { eventName }
  children { edges { node { id status outputs } } }
  events(first: 1000) { events { index type data } } } }"""

STOP = "mutation($id: ID!) { stopExecution(executionId: $id) { execution { id } } }"
START = "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }"
UPDATE = "mutation($i: UpdateFlowInput!) { updateFlow(input: $i) { flow { id } } }"

LONG = "long " * 20_000

READING: Json = {
    "name": "Reading",
    "nodes": [
        {"id": "given", "type": "flow.input", "inputs": {"name": "text"}},
        {"id": "chance", "type": "math.random"},
        {"id": "read", "type": "json.parse", "inputs": {"text": "{"}},
        {"id": "both", "type": "flow.collect"},
        {"id": "out", "type": "flow.output", "inputs": {"name": "all"}},
    ],
    "edges": [
        {"from": "given.value", "to": "both.items"},
        {"from": "chance.result", "to": "both.items"},
        {"from": "chance.result", "to": "read.__after"},
        {"from": "read.value", "to": "both.items"},
        {"from": "both.items", "to": "out.value"},
    ],
}
"""Fails in `read` unless that is given another text than its constant."""


async def shown(client: Client, execution: str) -> Json:
    return (await client.ask(SHOWN, id=execution))["execution"]


async def ended(client: Client, execution: str) -> Json:
    """Wait for the end of an execution; gives what the API says of it."""

    async def over() -> Json:
        found = await shown(client, execution)
        return found if found["completedAt"] else None

    return await eventually(over)


async def failed(client: Client, **given: Json) -> str:
    """An execution that has failed in `read`, and otherwise completed all that could be."""
    flow = await client.create_flow(**READING)
    execution = await client.create_execution(flow, autoStart=True, inputs={"text": "plain"}, **given)
    found = await ended(client, execution)
    assert (found["status"], found["error"]["nodeId"]) == ("FAILED", "read")
    return execution


async def fork(client: Client, execution: str, node: str, **given: Json) -> Json:
    answer = await client.ask(FORK, i={"executionId": execution, "fromNodeId": node, **given})
    return answer["forkExecution"]["execution"]


def told(found: Json) -> list[str]:
    """The log in short; what was taken over is in brackets."""
    events = ((event["type"], event["data"]) for event in found["events"]["events"])
    return [
        f"[{data['nodeId']}]" if data.get("attempt") == 0 else " ".join([kind, data["nodeId"]])
        for kind, data in events
        if "nodeId" in data
    ]


def outputs(found: Json, node: str) -> Json:
    ends = [event["data"] for event in found["events"]["events"] if event["type"] == "NODE_COMPLETED"]
    return next(data["outputs"] for data in ends if data["nodeId"] == node)


async def test_a_retry_runs_what_failed_again_and_takes_over_what_completed(
    client: Client, worker: None, connection: asyncpg.Connection
) -> None:
    execution = await failed(client)
    retry = (await client.ask(RETRY, id=execution))["retryExecution"]
    assert (retry["created"], retry["execution"]["forkedFromId"]) == (True, execution)
    first, second = await shown(client, execution), await ended(client, retry["execution"]["id"])
    assert told(second) == ["[given]", "[chance]", "NODE_STARTED read", "NODE_FAILED read"]
    events = second["events"]["events"]
    assert [event["type"] for event in events[:4]] == [
        "EXECUTION_CREATED", "NODE_COMPLETED", "NODE_COMPLETED", "FLOW_STARTED",
    ]  # fmt: skip
    assert [event["index"] for event in events] == list(range(-1, len(events) - 1))
    assert events[0]["data"]["forkedFromId"] == execution
    assert outputs(second, "chance") == outputs(first, "chance")
    started = next(event["data"] for event in events if event["type"] == "NODE_STARTED")
    assert started["idempotencyKey"] == f"{retry['execution']['id']}:read"
    await check_invariants(connection)


async def test_a_fork_shows_what_it_takes_over_before_its_start_and_runs_with_edited_values(
    client: Client, worker: None, connection: asyncpg.Connection
) -> None:
    options = {"breakpoints": [], "maxConcurrency": 7}
    labels = [{"name": "team", "value": "blue"}]
    execution = await failed(client, options=options, integration={"x": [1]}, priority=3, labels=labels)
    edit = {"nodeId": "read", "port": "text", "value": f'["{LONG}"]'}
    made = await fork(client, execution, "read", portValues=[edit])
    states = {edge["node"]["nodeId"]: edge["node"] for edge in made["nodeStates"]["edges"]}
    assert [states[node]["status"] for node in ("given", "chance", "read")] == ["COMPLETED", "COMPLETED", "IDLE"]
    assert (states["given"]["attempt"], states["given"]["outputs"]) == (0, {"value": "plain"})
    assert (made["rootExecutionId"], made["parentExecutionId"], made["depth"]) == (made["id"], None, 0)
    assert (made["inputs"], made["integration"], made["priority"]) == ({"text": "plain"}, {"x": [1]}, 3)
    assert made["labels"] == labels
    assert (made["options"], made["pendingCommands"], made["lastEventIndex"]) == (options, [], 1)
    await client.ask(START, id=made["id"])
    done = await ended(client, made["id"])
    assert done["status"] == "COMPLETED"
    assert "NODE_STARTED chance" not in told(done)
    # What is large is the new tree's own: a fork of the fork finds it there, too.
    again = await ended(client, (await fork(client, made["id"], "out", autoStart=True))["id"])
    assert told(again) == ["[given]", "[chance]", "[read]", "[both]", "NODE_STARTED out", "NODE_COMPLETED out"]
    assert again["outputs"] == done["outputs"]
    assert "$payload" in again["outputs"]["all"]
    await check_invariants(connection)


async def test_on_another_version_only_what_is_the_same_there_is_taken_over(client: Client, worker: None) -> None:
    execution = await failed(client)
    found = await client.ask("query($id: ID!) { execution(id: $id) { flow { id } } }", id=execution)
    nodes = [
        {**node, "inputs": {"text": "[1]"}} if node["id"] == "read" else node
        for node in READING["nodes"]
        if node["id"] != "chance"
    ]
    edges = [edge for edge in READING["edges"] if not edge["from"].startswith("chance")]
    extra = {"id": "chance", "type": "value.number", "inputs": {"value": 7}}
    document = {"tidegate": 1, "name": "Reading", "nodes": [*nodes, extra], "edges": edges}
    await client.ask(UPDATE, i={"id": found["execution"]["flow"]["id"], "document": document})
    made = await fork(client, execution, "out", flowVersion=2, autoStart=True)
    done = await ended(client, made["id"])
    assert made["flowVersion"] == {"version": 2}
    assert [line for line in told(done) if line.startswith("[")] == ["[given]"]
    assert done["outputs"] == {"all": ["plain", [1]]}
    refused = await client.failure(FORK, i={"executionId": execution, "fromNodeId": "out", "flowVersion": 3})
    assert refused["code"] == "NOT_FOUND"


async def test_what_cannot_be_forked_or_retried_is_refused_where_it_is_wrong(client: Client, worker: None) -> None:
    execution = await failed(client)
    edit = {"nodeId": "chance", "port": "min", "value": 1}
    wrong: list[tuple[Json, str]] = [
        ({"fromNodeId": "nowhere"}, "input.fromNodeId"),
        ({"portValues": [edit]}, "input.portValues.0.nodeId"),
        ({"portValues": [{**edit, "port": "nothing"}]}, "input.portValues.0.port"),
        ({"idempotencyKey": ""}, "input.idempotencyKey"),
    ]
    for given, field in wrong:
        refused = await client.failure(FORK, i={"executionId": execution, "fromNodeId": "read", **given})
        assert refused == {"code": "BAD_USER_INPUT", "field": field}
    other = await client.create_execution(await client.create_flow(), autoStart=True)
    await ended(client, other)
    assert await client.failure(RETRY, id=other) == {"code": "INVALID_STATE", "status": "COMPLETED"}
    waiting = await client.create_execution(await client.create_flow())
    assert await client.failure(RETRY, id=waiting) == {"code": "INVALID_STATE", "status": "CREATED"}
    assert (await client.failure(RETRY, id="EX0000000000000000"))["code"] == "NOT_FOUND"
    unknown = {"executionId": "EX0000000000000000", "fromNodeId": "read"}
    assert (await client.failure(FORK, i=unknown))["code"] == "NOT_FOUND"


async def test_a_repeated_key_gives_the_same_fork_and_other_arguments_are_a_conflict(
    client: Client, worker: None
) -> None:
    execution = await failed(client, idempotencyKey="create")
    given = {"executionId": execution, "fromNodeId": "read", "idempotencyKey": "fork"}
    first, again = [(await client.ask(FORK, i=given))["forkExecution"] for _ in range(2)]
    assert (first["created"], again["created"]) == (True, False)
    assert first["execution"]["id"] == again["execution"]["id"]
    for other in ({"fromNodeId": "out"}, {"autoStart": True}, {"idempotencyKey": "create"}):
        assert (await client.failure(FORK, i={**given, **other}))["code"] == "CONFLICT"
    assert (await client.failure(RETRY, id=execution, key="fork"))["code"] == "CONFLICT"
    retries = [(await client.ask(RETRY, id=execution, key="retry"))["retryExecution"] for _ in range(2)]
    assert retries[0]["execution"]["id"] == retries[1]["execution"]["id"]
    assert [retry["created"] for retry in retries] == [True, False]


async def test_what_runs_for_events_is_retried_child_by_child_or_as_far_as_it_did_not_complete(
    client: Client, worker: None, connection: asyncpg.Connection
) -> None:
    ask = {"id": "ask", "type": "signal.wait", "inputs": {"name": "ok"}}
    flow = {**LISTENING, "nodes": [*LISTENING["nodes"], ask], "edges": [
        *LISTENING["edges"], {"from": "order.__success", "to": "ask.__execute"},
    ]}  # fmt: skip
    events = [{"eventName": "order", "payload": number} for number in (1, 2)]
    root = await created(client, flow, events=events, autoStart=True)

    async def children() -> Any:
        found = [edge["node"]["id"] for edge in (await shown(client, root))["children"]["edges"]]
        return sorted(found) if len(found) == 2 else None

    first, second = await eventually(children)
    send = 'mutation($id: ID!) { sendSignal(executionId: $id, name: "ok") { execution { id } } }'
    await client.ask(send, id=first)
    await ended(client, first)
    await client.ask(STOP, id=second)
    assert (await ended(client, root))["status"] == "COMPLETED"
    refused = await client.failure(FORK, i={"executionId": root, "fromNodeId": "out"})
    assert refused == {"code": "BAD_USER_INPUT", "field": "input.fromNodeId"}
    outside = await client.failure(FORK, i={"executionId": second, "fromNodeId": "ordinary"})
    assert outside == {"code": "BAD_USER_INPUT", "field": "input.fromNodeId"}

    alone = (await client.ask(RETRY, id=second))["retryExecution"]["execution"]["id"]
    await client.ask(send, id=alone)
    done = await ended(client, alone)
    assert (done["status"], done["outputs"], done["children"]["edges"]) == ("COMPLETED", {"ordered": 2}, [])
    assert "NODE_STARTED order" not in told(done)

    anew = (await client.ask(RETRY, id=root))["retryExecution"]["execution"]["id"]

    async def child() -> Any:
        found = await shown(client, anew)
        return found["children"]["edges"] and found

    found = await eventually(child)
    assert found["externalEvents"] == [{"eventName": "order"}]
    await client.ask(send, id=found["children"]["edges"][0]["node"]["id"])
    done = await ended(client, anew)
    assert [edge["node"]["outputs"] for edge in done["children"]["edges"]] == [{"ordered": 2}]
    await check_invariants(connection)
