"""Executions over the API, without a worker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from engine.events import FlowCancelled, FlowFailed, NodeFailed
from engine.records import ExecutionError
from engine.status import ErrorCode
from engine.values import Value
from tests.api.client import DOUBLING, Client, Json
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append, completed, started
from tests.api.trees import spawn

CREATE = """mutation($i: CreateExecutionInput!) {
  createExecution(input: $i) { created execution { id status inputs integration priority pendingCommands
    options { maxConcurrency nodeTimeoutMs onNodeFailure recordEvents breakpoints } } }
}"""
START = "mutation($id: ID!) { startExecution(executionId: $id) { execution { id status pendingCommands } } }"
STOP = 'mutation($id: ID!) { stopExecution(executionId: $id, reason: "enough") { execution { pendingCommands } } }'
UNKNOWN = "EX0000000000000000"
ERROR = ExecutionError(code=ErrorCode.NODE, message="It broke 100%.", node_id="double")


@pytest.fixture
async def flow(client: Client) -> str:
    return await client.create_flow()


@pytest.fixture
async def execution(client: Client, flow: str) -> str:
    return await client.create_execution(flow)


async def test_a_created_execution_waits_and_has_its_defaults(client: Client, flow: str) -> None:
    made = (await client.ask(CREATE, i={"flowId": flow, "inputs": {"number": 1}}))["createExecution"]
    assert made["created"] is True
    assert made["execution"] == {
        "id": made["execution"]["id"],
        "status": "CREATED",
        "inputs": {"number": 1},
        "integration": None,
        "priority": 0,
        "pendingCommands": [],
        "options": {
            "maxConcurrency": 50,
            "nodeTimeoutMs": 3600000,
            "onNodeFailure": "FAIL",
            "recordEvents": "NODES",
            "breakpoints": [],
        },
    }


async def test_what_was_given_comes_back(client: Client, flow: str) -> None:
    given = {
        "flowId": flow,
        "flowVersion": 1,
        "inputs": {"number": 1e16},
        "integration": {"b": [1, 1.0, -0.0], "a": None},
        "priority": -3,
        "options": {"maxConcurrency": 1, "onNodeFailure": "CONTINUE", "recordEvents": "ALL"},
        "portValues": [],
    }
    execution = (await client.ask(CREATE, i=given))["createExecution"]["execution"]
    assert repr(execution["inputs"]) == "{'number': 1e+16}"
    assert repr(execution["integration"]) == "{'b': [1, 1.0, -0.0], 'a': None}"
    assert execution["priority"] == -3
    assert (execution["options"]["maxConcurrency"], execution["options"]["recordEvents"]) == (1, "ALL")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"inputs": {}}, "input.inputs.number"),
        ({"inputs": {"number": "four"}}, "input.inputs.number"),
        ({"inputs": {"number": 4, "other": 1}}, "input.inputs.other"),
        ({"inputs": [1]}, "input.inputs"),
        ({"inputs": {"number": float("nan")}}, "input.inputs"),
        ({"inputs": {"number": 2**64}}, "input.inputs"),
        ({"inputs": {"number": 4, "text": "\x00"}}, "input.inputs"),
        ({"integration": {"text": "\ud800"}}, "input.integration"),
        ({"options": {"maxConcurrency": 0}}, "input.options.maxConcurrency"),
        ({"options": {"nodeTimeoutMs": -1}}, "input.options.nodeTimeoutMs"),
        ({"options": {"maxConcurrency": "many"}}, "input.options.maxConcurrency"),
        ({"options": {"breakpoints": ["double", "nowhere"]}}, "input.options.breakpoints.1"),
        ({"options": {"breakpoints": ["double", None]}}, "input.options.breakpoints.1"),
        ({"options": {"unknown": 1}}, "input.options"),
        ({"portValues": [{"nodeId": "nowhere", "port": "a", "value": 1}]}, "input.portValues.0.nodeId"),
        ({"portValues": [{"nodeId": "double", "port": "q", "value": 1}]}, "input.portValues.0.port"),
        ({"portValues": [{"nodeId": "double", "port": "a", "value": 1}]}, "input.portValues.0.port"),
        ({"portValues": [{"nodeId": "double", "port": "b", "value": "x"}]}, "input.portValues.0.value"),
        ({"portValues": [{"nodeId": "double", "port": "b", "value": 1}] * 2}, "input.portValues.1.port"),
        ({"idempotencyKey": ""}, "input.idempotencyKey"),
        ({"priority": 2**31}, "input.priority"),
    ],
)
async def test_what_is_wrong_in_the_input_is_named(client: Client, flow: str, given: Json, field: str) -> None:
    refused = await client.failure(CREATE, i={"flowId": flow, "inputs": {"number": 4}, **given})
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", field)


async def test_a_variable_inside_of_the_input_is_named_by_its_place(client: Client, flow: str) -> None:
    query = """mutation($f: ID!, $m: Int!) {
      createExecution(input: {flowId: $f, options: {maxConcurrency: $m}}) { created } }"""
    refused = await client.failure(query, f=flow, m=1.5)
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "input.options.maxConcurrency")


async def test_an_unknown_flow_or_version_is_not_found(client: Client, flow: str) -> None:
    assert (await client.failure(CREATE, i={"flowId": "FL0"}))["code"] == "NOT_FOUND"
    given = {"flowId": flow, "flowVersion": 2, "inputs": {"number": 1}}
    assert (await client.failure(CREATE, i=given))["code"] == "NOT_FOUND"


async def test_port_values_are_taken_for_unconnected_ports(client: Client, flow: str) -> None:
    values = [{"nodeId": "double", "port": "b", "value": 3}]
    assert await client.create_execution(flow, portValues=values)


async def test_a_start_is_accepted_once(client: Client, execution: str) -> None:
    accepted = await client.ask(START, id=execution)
    assert accepted["startExecution"]["execution"] == {
        "id": execution,
        "status": "CREATED",
        "pendingCommands": ["START"],
    }
    answer = await client.answer(START, id=execution)
    assert answer["errors"][0]["extensions"] == {"code": "INVALID_STATE", "status": "RUNNING"}
    assert answer["errors"][0]["message"] == "Cannot start an execution in status RUNNING"


async def test_a_stop_is_accepted_until_the_end(client: Client, execution: str) -> None:
    stopped = await client.ask(STOP, id=execution)
    assert stopped["stopExecution"]["execution"]["pendingCommands"] == ["STOP"]
    assert (await client.failure(STOP, id=execution)) == {"code": "INVALID_STATE", "status": "STOPPED"}


async def test_a_pause_is_refused_before_the_start_and_judged_as_if_the_start_had_been_applied(
    client: Client, execution: str
) -> None:
    pause = "mutation($id: ID!) { pauseExecution(executionId: $id) { execution { status pendingCommands } } }"
    refused = (await client.answer(pause, id=execution))["errors"][0]
    assert refused["message"] == "Cannot pause an execution in status CREATED"
    assert refused["extensions"] == {"code": "INVALID_STATE", "status": "CREATED"}
    await client.ask(START, id=execution)
    paused = await client.ask(pause, id=execution)
    expected = {"status": "CREATED", "pendingCommands": ["START", "PAUSE"]}
    assert paused["pauseExecution"]["execution"] == expected


async def test_a_stop_in_the_same_request_sees_the_start_before_it(client: Client, execution: str) -> None:
    both = await client.ask(
        """mutation($id: ID!) {
          startExecution(executionId: $id) { execution { pendingCommands } }
          stopExecution(executionId: $id) { execution { pendingCommands } } }""",
        id=execution,
    )
    assert both["startExecution"]["execution"]["pendingCommands"] == ["START"]
    assert both["stopExecution"]["execution"]["pendingCommands"] == ["START", "STOP"]


@pytest.mark.parametrize("query", [START, STOP, "query($id: ID!) { execution(id: $id) { id } }"])
async def test_an_unknown_execution_and_that_of_another_owner_are_not_found(
    client: Client, execution: str, connection: asyncpg.Connection, query: str
) -> None:
    await connection.execute("update executions set owner_id = 'somebody'")
    for id in (UNKNOWN, execution):
        assert (await client.failure(query, id=id))["code"] == "NOT_FOUND"


async def test_the_log_is_read_in_pieces_and_by_kind(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FLOW_STARTED, started(), completed(), FLOW_COMPLETED)
    ask = """query($id: ID!, $from: Int! = -1, $types: [ExecutionEventType!]! = [], $first: Int! = 100) {
      execution(id: $id) { events(fromIndex: $from, eventTypes: $types, first: $first) {
        nextIndex hasMore events { index type timestamp executionId data } } } }"""

    async def read(**given: Json) -> Json:
        return (await client.ask(ask, id=execution, **given))["execution"]["events"]

    everything = await read()
    assert [event["index"] for event in everything["events"]] == [-1, 0, 1, 2, 3]
    assert (everything["nextIndex"], everything["hasMore"]) == (4, False)
    assert everything["events"][2]["data"] == {
        "nodeId": "double",
        "nodeType": "math.arithmetic",
        "attempt": 1,
        "inputs": {"a": 4},
        "idempotencyKey": "k",
    }
    first = await read(first=2)
    assert (first["nextIndex"], first["hasMore"]) == (1, True)
    only = await read(types=["NODE_COMPLETED"], **{"from": 1})
    assert ([event["index"] for event in only["events"]], only["nextIndex"]) == ([2], 4)
    beyond = await read(**{"from": 9})
    assert (beyond["events"], beyond["nextIndex"], beyond["hasMore"]) == ([], 9, False)
    assert (await client.failure(ask, id=execution, first=1001)) == {"code": "BAD_USER_INPUT", "field": "first"}
    refused = await client.failure(ask, id=execution, **{"from": -2})
    assert refused == {"code": "BAD_USER_INPUT", "field": "fromIndex"}


STATES = """query($id: ID!, $first: Int! = 100, $after: String, $ids: [ID!], $statuses: [NodeStatus!]) {
  execution(id: $id) {
    nodeStatusCounts { status count }
    nodeState(nodeId: "double") { id status attempt inputs outputs error { code message nodeId retryable } }
    nodeStates(first: $first, after: $after, nodeIds: $ids, statuses: $statuses) {
      edges { cursor node { nodeId } } pageInfo { hasNextPage } }
  }
}"""


async def test_node_states_follow_the_log(client: Client, execution: str, connection: asyncpg.Connection) -> None:
    async def double() -> Json:
        return (await client.ask(STATES, id=execution))["execution"]["nodeState"]

    assert (await double()) == {
        "id": f"{execution}:double",
        "status": "IDLE",
        "attempt": 0,
        "inputs": None,
        "outputs": None,
        "error": None,
    }
    number = {"node_id": "number", "node_type": "flow.input"}
    await append(
        connection,
        execution,
        FLOW_STARTED,
        replace(started("number"), **number),
        replace(completed("number"), **number, outputs={"value": Value.of(4)}),
    )
    assert (await double())["status"] == "READY"
    await append(connection, execution, started())
    assert [(await double())[key] for key in ("status", "attempt", "inputs")] == ["EXECUTING", 1, {"a": 4}]
    await append(
        connection, execution, NodeFailed(node_id="double", node_type="m", attempt=1, error=ERROR, execution_time=1)
    )
    failed = await double()
    assert (failed["status"], failed["error"]["code"], failed["error"]["retryable"]) == ("FAILED", "NODE", False)
    counts = (await client.ask(STATES, id=execution))["execution"]["nodeStatusCounts"]
    assert counts == [
        {"status": "IDLE", "count": 1},
        {"status": "COMPLETED", "count": 1},
        {"status": "FAILED", "count": 1},
    ]


async def test_node_states_are_paged_in_document_order_and_filtered(client: Client, execution: str) -> None:
    async def page(**given: Json) -> Json:
        return (await client.ask(STATES, id=execution, **given))["execution"]["nodeStates"]

    first = await page(first=2)
    assert [edge["node"]["nodeId"] for edge in first["edges"]] == ["number", "double"]
    assert first["pageInfo"]["hasNextPage"] is True
    rest = await page(first=2, after=first["edges"][-1]["cursor"])
    assert [edge["node"]["nodeId"] for edge in rest["edges"]] == ["out"]
    assert rest["pageInfo"]["hasNextPage"] is False
    chosen = await page(ids=["out", "number", "nowhere"])
    assert [edge["node"]["nodeId"] for edge in chosen["edges"]] == ["number", "out"]
    assert (await page(statuses=["FAILED"]))["edges"] == []
    assert (await client.failure(STATES, id=execution, first=1001))["field"] == "first"
    assert (await client.failure(STATES, id=execution, after="x"))["field"] == "after"


async def test_a_node_that_the_flow_does_not_have_is_not_found(client: Client, execution: str) -> None:
    answer = await client.answer(
        'query($id: ID!) { execution(id: $id) { id nodeState(nodeId: "nowhere") { id } } }', id=execution
    )
    assert answer["data"] == {"execution": {"id": execution, "nodeState": None}}
    assert answer["errors"][0]["path"] == ["execution", "nodeState"]
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_large_value_is_a_reference_and_is_read_as_a_whole(client: Client) -> None:
    nodes = [{**DOUBLING["nodes"][0], "inputs": {"name": "number"}}, *DOUBLING["nodes"][1:]]
    text = "x" * 100_000
    execution = await client.create_execution(await client.create_flow(nodes=nodes), inputs={"number": text})
    found = await client.ask("query($id: ID!) { execution(id: $id) { inputs } }", id=execution)
    reference = found["execution"]["inputs"]["number"]["$payload"]
    assert (reference["bytes"], reference["preview"][:4]) == (100_002, '"xxx')
    ask = "query($e: ID!, $p: ID!) { payload(executionId: $e, payloadId: $p) }"
    assert await client.ask(ask, e=execution, p=reference["id"]) == {"payload": text}
    assert (await client.failure(ask, e=execution, p="0"))["code"] == "NOT_FOUND"
    assert (await client.failure(ask, e=UNKNOWN, p=reference["id"]))["code"] == "NOT_FOUND"


ROOTS = """query($flow: ID, $first: Int! = 50, $after: String, $filter: ExecutionFilter) {
  rootExecutions(flowId: $flow, first: $first, after: $after, filter: $filter) {
    edges { node { id levels totalNested execution { id } } } pageInfo { hasNextPage endCursor } }
}"""


async def roots(client: Client, **given: Json) -> list[str]:
    found = (await client.ask(ROOTS, **given))["rootExecutions"]
    return [edge["node"]["execution"]["id"] for edge in found["edges"]]


async def test_roots_are_listed_newest_first_with_the_size_of_their_trees(
    client: Client, flow: str, connection: asyncpg.Connection
) -> None:
    made = [await client.create_execution(flow) for _ in range(3)]
    child = await spawn(connection, made[0], "EX1")
    await spawn(connection, child, "EX2")
    await spawn(connection, made[0], "EX3")
    found = (await client.ask(ROOTS, flow=flow, first=2))["rootExecutions"]
    rest = (await client.ask(ROOTS, flow=flow, first=2, after=found["pageInfo"]["endCursor"]))["rootExecutions"]
    nodes = [edge["node"] for edge in found["edges"] + rest["edges"]]
    assert [node["execution"]["id"] for node in nodes] == made[::-1]
    assert [(node["levels"], node["totalNested"]) for node in nodes] == [(1, 0), (1, 0), (3, 3)]


async def test_roots_are_filtered(client: Client, flow: str, connection: asyncpg.Connection) -> None:
    other = await client.create_execution(await client.create_flow())
    failed, stopped, waiting = [await client.create_execution(flow) for _ in range(3)]
    await append(connection, failed, FLOW_STARTED, FlowFailed(error=ERROR, execution_time=1))
    await connection.execute(
        "update executions set error = $2 where id = $1", failed, ERROR.model_dump_json(by_alias=True)
    )
    await append(connection, stopped, FlowCancelled(execution_time=0))
    child = await spawn(connection, waiting, "EX1")
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat(timespec="milliseconds")[:-6] + "Z"
    expected = [
        ({}, [waiting, stopped, failed, other]),
        ({"flowId": flow}, [waiting, stopped, failed]),
        ({"statuses": ["FAILED", "STOPPED"]}, [stopped, failed]),
        ({"statuses": []}, []),
        ({"hasError": True}, [failed]),
        ({"hasError": False, "flowId": flow}, [waiting, stopped]),
        ({"errorContains": "BROKE 100%"}, [failed]),
        ({"errorContains": "100_"}, []),
        ({"createdAfter": soon}, []),
        ({"createdBefore": soon, "flowId": flow}, [waiting, stopped, failed]),
        ({"ownerId": "local", "flowId": flow}, [waiting, stopped, failed]),
        ({"ownerId": "somebody"}, []),
        ({"parentExecutionId": waiting}, [child]),
    ]
    for filter, ids in expected:
        assert await roots(client, filter=filter) == ids, filter
    assert await roots(client, flow=flow, filter={"flowId": "FL0"}) == []
    refused = await client.failure(ROOTS, filter={"createdAfter": "2026-01-01"})
    assert refused == {"code": "BAD_USER_INPUT", "field": "filter.createdAfter"}


async def test_a_tree_is_listed_by_level_whichever_member_is_named(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    one = await spawn(connection, execution, "EX1")
    two = await spawn(connection, execution, "EX2")
    three = await spawn(connection, one, "EX3")
    ask = """query($id: ID!, $first: Int! = 100, $after: String, $max: Int) {
      executionTree(executionId: $id, first: $first, after: $after, maxLevel: $max) {
        edges { cursor node { level parentId execution { id depth } } } pageInfo { hasNextPage } } }"""
    members = [(0, None, execution), (1, execution, one), (1, execution, two), (2, one, three)]
    for named in (execution, one, three):
        tree = (await client.ask(ask, id=named))["executionTree"]
        nodes = [edge["node"] for edge in tree["edges"]]
        assert [(node["level"], node["parentId"], node["execution"]["id"]) for node in nodes] == members
    first = (await client.ask(ask, id=two, first=2))["executionTree"]
    rest = (await client.ask(ask, id=two, first=2, after=first["edges"][-1]["cursor"]))["executionTree"]
    assert [edge["node"]["execution"]["id"] for edge in rest["edges"]] == [two, three]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert len((await client.ask(ask, id=two, max=1))["executionTree"]["edges"]) == 3
    assert (await client.failure(ask, id=UNKNOWN))["code"] == "NOT_FOUND"
    children = await client.ask(
        "query($id: ID!) { execution(id: $id) { children(first: 1) { edges { node { id parentExecutionId } } } } }",
        id=execution,
    )
    assert children["execution"]["children"]["edges"] == [{"node": {"id": two, "parentExecutionId": execution}}]


async def test_times_have_milliseconds_and_end_with_z(client: Client, execution: str) -> None:
    found = await client.ask("query($id: ID!) { execution(id: $id) { createdAt updatedAt startedAt } }", id=execution)
    for time in (found["execution"]["createdAt"], found["execution"]["updatedAt"]):
        assert datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ")
        assert len(time) == len("2026-01-01T00:00:00.000Z")
    assert found["execution"]["startedAt"] is None
