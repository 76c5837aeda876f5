"""PAUSE and RESUME: running nodes finish, none starts, and a paused execution belongs to nobody."""

from pathlib import Path

import pytest

from engine.errors import InvalidState
from engine.status import ExecutionCommand
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES, in_a_row, witness
from tests.jobs.nodes import Notes

PAUSE, RESUME = ExecutionCommand.PAUSE, ExecutionCommand.RESUME


async def paused_in_the_first_of_two(client: Client, notes: Notes, gate: Path) -> str:
    """Start a flow of two nodes and pause it while the first is running; gives its id."""
    nodes = [witness("first", notes, gate), witness("second", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["first"])
    await client.send(execution, PAUSE, {"reason": "lunch"})
    await client.saw(execution, "FLOW_PAUSED", reason="lunch", runningNodes=1)
    return execution


async def drained(client: Client, execution: str, gate: Path) -> None:
    """Let the first node end, and wait until the execution is only rows."""
    gate.touch()
    await client.saw(execution, "FLOW_DRAINED")

    async def is_nobodys() -> bool:
        return (await client.row(execution))["token"] is None

    await eventually(is_nobodys)


async def test_a_pause_lets_running_nodes_finish_and_starts_no_new_one(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    await new_worker()
    execution = await paused_in_the_first_of_two(client, notes, gate)
    await drained(client, execution, gate)
    kinds = await client.kinds(execution)
    assert kinds[-3:] == ["FLOW_PAUSED", "NODE_COMPLETED", "FLOW_DRAINED"]
    assert await client.status(execution) == "PAUSED"
    assert notes.nodes("began") == ["first"]


async def test_a_paused_execution_goes_on_with_another_worker(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    first = await new_worker()
    execution = await paused_in_the_first_of_two(client, notes, gate)
    await drained(client, execution, gate)
    await first.stop()
    await client.send(execution, RESUME)
    assert await client.status(execution) == "PAUSED"
    await new_worker()
    await client.ended(execution)
    assert notes.nodes("began") == ["first", "second"]
    assert (await client.kinds(execution)).count("FLOW_RESUMED") == 1


async def test_a_resume_while_nodes_still_run_needs_no_draining(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    await new_worker()
    execution = await paused_in_the_first_of_two(client, notes, gate)
    await client.send(execution, RESUME)
    await client.saw(execution, "FLOW_RESUMED")
    gate.touch()
    await client.ended(execution)
    assert "FLOW_DRAINED" not in await client.kinds(execution)


async def test_a_pause_sent_right_after_the_start_comes_before_any_node(client: Client, new_worker: NewWorker) -> None:
    execution = await client.run(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await client.send(execution, PAUSE)
    await new_worker()
    await client.saw(execution, "FLOW_DRAINED")
    assert await client.kinds(execution) == ["EXECUTION_CREATED", "FLOW_STARTED", "FLOW_PAUSED", "FLOW_DRAINED"]
    await client.send(execution, RESUME)
    await client.ended(execution)


async def test_a_paused_execution_can_be_stopped(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    await new_worker()
    execution = await paused_in_the_first_of_two(client, notes, gate)
    await drained(client, execution, gate)
    await client.stop(execution, "enough")
    await client.ended(execution, "STOPPED")
    assert notes.nodes("began") == ["first"]


async def test_a_sleep_that_ends_during_a_pause_is_recorded_and_what_follows_waits(
    client: Client, new_worker: NewWorker
) -> None:
    await new_worker()
    nodes = [
        {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 1000}},
        {"id": "after", "type": "value.number", "inputs": {"value": 1}},
    ]
    execution = await client.run(await client.flow(nodes, [("nap.__success", "after.__execute")]))
    await client.saw(execution, "NODE_WAITING", nodeId="nap")
    await client.send(execution, PAUSE)
    await client.saw(execution, "NODE_COMPLETED", nodeId="nap")
    assert await client.status(execution) == "PAUSED"
    await client.send(execution, RESUME)
    await client.ended(execution)


@pytest.mark.parametrize(("command", "status"), [(PAUSE, "CREATED"), (RESUME, "CREATED")])
async def test_an_execution_that_was_not_started_is_neither_paused_nor_resumed(
    client: Client, command: ExecutionCommand, status: str
) -> None:
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    with pytest.raises(InvalidState, match=f"Cannot {command.lower()} an execution in status {status}"):
        await client.send(execution, command)
