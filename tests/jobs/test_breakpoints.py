"""Breakpoints: the execution stops before a node, and holds nothing meanwhile."""

import pytest

from engine.errors import InvalidState
from engine.status import ExecutionCommand
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES, in_a_row, witness
from tests.jobs.nodes import Notes

RESUME, STEP, SET = ExecutionCommand.RESUME, ExecutionCommand.STEP, ExecutionCommand.SET_BREAKPOINTS
SIGNAL = ExecutionCommand.SIGNAL


async def stopped_before_the_second(client: Client, notes: Notes) -> str:
    """Run three witnesses in a row with a breakpoint at the second; gives the execution's id."""
    nodes = [witness(name, notes) for name in ("a", "b", "c")]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)), breakpoints=["b"])
    await client.saw(execution, "DEBUG_BREAKPOINT_HIT", nodeId="b")
    return execution


async def is_nobodys(client: Client, execution: str) -> None:
    """Wait until no worker holds an execution."""

    async def free() -> bool:
        return (await client.row(execution))["token"] is None

    await eventually(free)


async def test_a_breakpoint_pauses_before_its_node_and_holds_no_worker(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    await new_worker()
    execution = await stopped_before_the_second(client, notes)
    await is_nobodys(client, execution)
    assert await client.status(execution) == "PAUSED"
    assert notes.nodes("began") == ["a"]
    assert (await client.kinds(execution))[-2:] == ["DEBUG_BREAKPOINT_HIT", "FLOW_DRAINED"]


@pytest.mark.parametrize("then", [RESUME, STEP])
async def test_a_resume_or_a_step_passes_a_breakpoint_once(
    client: Client, new_worker: NewWorker, notes: Notes, then: ExecutionCommand
) -> None:
    worker = await new_worker()
    execution = await stopped_before_the_second(client, notes)
    await client.send(execution, then)
    if then is STEP:
        await client.saw(execution, "NODE_COMPLETED", nodeId="b")
        assert notes.nodes("began") == ["a", "b"]
        await client.send(execution, RESUME)
    await client.ended(execution)
    assert (await client.kinds(execution)).count("DEBUG_BREAKPOINT_HIT") == 1
    assert worker.parts.sweeper.rescues == 0


async def test_breakpoints_are_replaced_while_the_execution_is_parked(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    first = await new_worker()
    execution = await stopped_before_the_second(client, notes)
    await is_nobodys(client, execution)
    await first.stop()
    await client.send(execution, SET, {"nodeIds": ["c"]})
    await client.send(execution, RESUME)
    await new_worker()
    await client.saw(execution, "DEBUG_BREAKPOINT_HIT", nodeId="c")
    assert notes.nodes("began") == ["a", "b"]
    await client.send(execution, SET, {"nodeIds": []})
    await client.send(execution, RESUME)
    await client.ended(execution)
    assert [data["nodeIds"] for kind, data in await client.events(execution) if kind == "BREAKPOINTS_SET"] == [
        ["c"],
        [],
    ]


async def test_a_resume_is_taken_also_when_a_command_that_changes_no_status_came_before_the_breakpoint(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    """What is accepted is judged by the status that the log leads to, not by the last command."""
    nodes = [witness("a", notes), {"id": "w", "type": "signal.wait", "inputs": {"name": "go"}}]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)), breakpoints=["a"])
    await client.send(execution, SIGNAL, {"name": "go", "payload": 1})
    await new_worker()
    await client.saw(execution, "DEBUG_BREAKPOINT_HIT", nodeId="a")

    async def takes_a_resume() -> bool:
        try:
            return bool(await client.send(execution, RESUME))
        except InvalidState:
            return False

    await eventually(takes_a_resume)
    await client.ended(execution)


async def test_an_ended_execution_takes_no_breakpoints(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    execution = await client.run(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await client.ended(execution)
    with pytest.raises(InvalidState, match="Cannot set breakpoints in an execution in status COMPLETED"):
        await client.send(execution, SET, {"nodeIds": []})
