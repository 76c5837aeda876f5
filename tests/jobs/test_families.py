"""Commands to families: what is told to a parent goes down to its children, and what is told to a child stays there."""

from pathlib import Path

import orjson
import pytest

from engine.errors import InvalidState
from engine.status import ExecutionCommand, NodeFailurePolicy
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.families import (
    all_children_are,
    children,
    item_input,
    mapping,
    outputs,
)
from tests.jobs.flows import witness
from tests.jobs.nodes import Notes

PAUSE, RESUME = ExecutionCommand.PAUSE, ExecutionCommand.RESUME


async def test_a_stop_takes_the_whole_subtree_along(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    worker = await new_worker(concurrency=4)
    leaf = await client.flow([item_input(), witness("busy", notes, gate)])
    middle = await client.flow(
        [item_input(), {"id": "map", "type": "flow.map", "inputs": {"flowId": leaf, "items": [1, 2]}}]
    )
    execution = await client.run(await mapping(client, middle, [1, 2]))
    await eventually(lambda: len(notes.nodes("began")) == 4)
    await client.stop(execution, "enough")
    await client.ended(execution, "STOPPED")
    ids = [row["id"] for row in await client.pool.fetch("select id from executions where root_id = $1", execution)]
    assert len(ids) == 7
    await client.all_ended(ids, "STOPPED")
    await eventually(lambda: len(notes.nodes("cancelled")) == 4)
    assert worker.parts.sweeper.rescues == 0


async def test_children_that_no_worker_has_taken_up_yet_are_stopped_too(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    await new_worker(concurrency=1)
    called = await client.flow([item_input(), witness("busy", notes, gate)])
    execution = await client.run(await mapping(client, called, list(range(6))))
    await eventually(lambda: len(notes.nodes("began")) == 1)
    await client.stop(execution, "enough")
    await all_children_are(client, execution, "STOPPED", 6)


async def test_pause_and_resume_take_the_subtree_along_but_what_was_paused_itself_stays_so(
    client: Client, new_worker: NewWorker
) -> None:
    worker = await new_worker()
    called = await client.flow([item_input(), {"id": "w", "type": "signal.wait", "inputs": {"name": "go"}}])
    execution = await client.run(await mapping(client, called, [1, 2, 3]))
    await all_children_are(client, execution, "RUNNING", 3)
    own = (await children(client, execution))[0]["id"]
    await client.send(own, PAUSE)
    await client.saw(own, "FLOW_PAUSED", byParent=False)
    await client.send(execution, PAUSE)
    await all_children_are(client, execution, "PAUSED", 3)
    await client.send(execution, RESUME)

    async def statuses() -> bool:
        found = {row["id"]: row["status"] for row in await children(client, execution)}
        return found.pop(own) == "PAUSED" and set(found.values()) == {"RUNNING"}

    await eventually(statuses)
    await client.send(own, RESUME)
    await all_children_are(client, execution, "RUNNING", 3)
    await client.stop(execution)
    await client.ended(execution, "STOPPED")
    assert worker.parts.sweeper.rescues == 0


async def test_a_child_of_a_paused_parent_is_born_paused(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    await new_worker()
    nodes = [
        witness("first", notes, gate),
        {"id": "emit", "type": "event.emit", "inputs": {"eventName": "order"}},
        {"id": "listen", "type": "event.listen", "inputs": {"eventName": "order"}},
        witness("late", notes),
    ]
    edges = [("first.__success", "emit.__execute"), ("listen.payload", "late.value")]
    execution = await client.run(await client.flow(nodes, edges))
    await eventually(lambda: notes.nodes("began") == ["first"])
    await client.send(execution, PAUSE)
    await client.saw(execution, "FLOW_PAUSED")
    gate.touch()
    await client.send(execution, ExecutionCommand.STEP)
    await client.saw(execution, "CHILD_EXECUTION_SPAWNED")
    await all_children_are(client, execution, "PAUSED", 1)
    assert "late" not in notes.nodes("began")
    await client.send(execution, RESUME)
    await client.ended(execution)
    assert notes.nodes("ended") == ["first", "late"]


async def test_breakpoints_are_inherited_by_children_of_the_same_flow(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    nodes = [
        {"id": "emit", "type": "event.emit", "inputs": {"eventName": "order"}},
        {"id": "listen", "type": "event.listen", "inputs": {"eventName": "order"}},
    ]
    execution = await client.run(await client.flow(nodes), breakpoints=["listen"])
    await all_children_are(client, execution, "PAUSED", 1)
    child = (await children(client, execution))[0]["id"]
    await client.send(child, RESUME)
    await client.ended(execution)


async def test_what_a_failed_child_does_to_its_parent_is_an_option(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    nodes = [
        {"id": "emit", "type": "event.emit", "inputs": {"eventName": "order"}},
        {"id": "listen", "type": "event.listen", "inputs": {"eventName": "order"}},
        {"id": "bad", "type": "json.parse", "inputs": {"text": "{"}},
    ]
    flow = await client.flow(nodes, [("listen.__success", "bad.__execute")])
    await client.ended(await client.run(flow))
    row = await client.ended(await client.run(flow, on_child_failure=NodeFailurePolicy.FAIL), "FAILED")
    assert orjson.loads(row["error"])["nodeId"] == "emit"


async def test_a_child_is_commanded_like_any_execution(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    called = await client.flow([item_input(), {"id": "w", "type": "signal.wait", "inputs": {"name": "go"}}])
    execution = await client.run(await mapping(client, called, [1, 2]))
    await all_children_are(client, execution, "RUNNING", 2)
    first, second = [row["id"] for row in await children(client, execution)]
    with pytest.raises(InvalidState, match="Cannot start an execution in status RUNNING"):
        await client.start(first)
    await client.stop(first, "not this one")
    await client.send(second, ExecutionCommand.SIGNAL, {"name": "go", "payload": None})
    got = await outputs(client, execution)
    assert [(each["index"], each["code"]) for each in got["failed"]] == [(0, "CANCELLED")]
