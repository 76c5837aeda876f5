"""The API and a worker together: create, subscribe, start, watch, read."""

import pytest

from tests.api.client import Client, opened_socket

EVENTS = """subscription($id: ID!) {
  executionEvents(executionId: $id) {
    nextIndex caughtUp status
    events { index type ... on NodeCompletedEvent { nodeId outputs } ... on FlowCompletedEvent { outputs } }
  }
}"""

DETAILS = """query($id: ID!) {
  execution(id: $id) {
    status outputs startedAt completedAt lastEventIndex failedNodeCount pendingCommands error { message }
    flow { id } flowVersion { version } rootExecutionId
    nodeStatusCounts { status count }
    nodeStates(first: 1000) { edges { node { nodeId status attempt inputs outputs startedAt completedAt } } }
  }
}"""


# arq closes its connection by a name that redis has deprecated.
@pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")
async def test_a_flow_is_created_watched_started_and_its_result_read(client: Client, worker: None) -> None:
    flow = await client.create_flow()
    execution = await client.create_execution(flow)
    async with opened_socket(client.server) as socket:
        await socket.subscribe(EVENTS, id=execution)
        first = (await socket.next())["executionEvents"]
        assert first == {
            "nextIndex": 0,
            "caughtUp": True,
            "status": "CREATED",
            "events": [{"index": -1, "type": "EXECUTION_CREATED"}],
        }
        started = await client.ask(
            "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }", id=execution
        )
        assert started["startExecution"]["execution"]["id"] == execution
        events = await socket.events_to_the_end()
    assert [event["index"] for event in events] == list(range(len(events)))
    assert events[-1] == {"index": events[-1]["index"], "type": "FLOW_COMPLETED", "outputs": {"doubled": 8}}

    found = (await client.ask(DETAILS, id=execution))["execution"]
    assert (found["status"], found["outputs"], found["error"]) == ("COMPLETED", {"doubled": 8}, None)
    assert (found["flow"]["id"], found["flowVersion"]["version"], found["rootExecutionId"]) == (flow, 1, execution)
    assert (found["lastEventIndex"], found["pendingCommands"]) == (events[-1]["index"], [])
    assert found["nodeStatusCounts"] == [{"status": "COMPLETED", "count": 3}]
    states = [edge["node"] for edge in found["nodeStates"]["edges"]]
    assert [state["nodeId"] for state in states] == ["number", "double", "out"]
    assert (states[1]["inputs"]["a"], states[1]["outputs"], states[1]["attempt"]) == (4, {"result": 8}, 1)
