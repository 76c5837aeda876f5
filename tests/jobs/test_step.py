"""STEP: one node of a paused execution at a time, on whichever worker comes."""

from pathlib import Path

import pytest

from engine.errors import InvalidState
from engine.status import ExecutionCommand
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES, in_a_row, witness
from tests.jobs.nodes import Notes

PAUSE, RESUME, STEP = ExecutionCommand.PAUSE, ExecutionCommand.RESUME, ExecutionCommand.STEP


async def paused_before_the_first(client: Client, notes: Notes, count: int = 3) -> str:
    """Start a flow of witnesses in a row and pause it before anything runs; gives its id."""
    nodes = [witness(f"n{number}", notes) for number in range(count)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await client.send(execution, PAUSE)
    return execution


async def test_each_step_lets_one_node_start(client: Client, new_worker: NewWorker, notes: Notes) -> None:
    execution = await paused_before_the_first(client, notes)
    worker = await new_worker()
    await client.saw(execution, "FLOW_DRAINED")
    assert notes.nodes("began") == []
    for number in range(2):
        await client.send(execution, STEP)
        await client.saw(execution, "NODE_COMPLETED", nodeId=f"n{number}")
        assert await client.status(execution) == "PAUSED"
        assert notes.nodes("began") == [f"n{each}" for each in range(number + 1)]
    await client.send(execution, RESUME)
    await client.ended(execution)
    assert (await client.kinds(execution)).count("FLOW_STEPPED") == 2
    assert worker.parts.sweeper.rescues == 0


async def test_steps_asked_for_before_anything_is_ready_are_all_kept(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    execution = await paused_before_the_first(client, notes)
    for _ in range(2):
        await client.send(execution, STEP)
    await new_worker()
    await client.saw(execution, "NODE_COMPLETED", nodeId="n1")
    assert notes.nodes("began") == ["n0", "n1"]


async def test_a_paused_flow_whose_workers_were_all_killed_is_stepped_and_resumed_by_the_next_one(
    client: Client, new_process: NewProcess, notes: Notes
) -> None:
    execution = await paused_before_the_first(client, notes, 4)
    workers = [await new_process(), await new_process()]
    await client.saw(execution, "FLOW_PAUSED")
    for worker in workers:
        worker.kill()
    await client.send(execution, STEP)
    await client.send(execution, STEP)
    await new_process()
    await client.saw(execution, "NODE_COMPLETED", nodeId="n1")
    await client.send(execution, RESUME)
    await client.ended(execution)
    assert notes.nodes("began") == ["n0", "n1", "n2", "n3"]
    kinds = await client.kinds(execution)
    assert (kinds.count("FLOW_PAUSED"), kinds.count("FLOW_STEPPED"), kinds.count("FLOW_RESUMED")) == (1, 2, 1)


async def test_a_step_survives_the_loss_of_the_worker_with_its_node(
    client: Client, new_process: NewProcess, notes: Notes, gate: Path
) -> None:
    nodes = [witness("first", notes, gate), witness("second", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await client.send(execution, PAUSE)
    await client.send(execution, STEP)
    worker = await new_process()
    await eventually(lambda: notes.nodes("began") == ["first"])
    worker.kill()
    await new_process()
    await eventually(lambda: notes.nodes("began") == ["first", "first"])
    gate.touch()
    await client.saw(execution, "NODE_COMPLETED", nodeId="first")
    assert await client.status(execution) == "PAUSED"
    assert notes.nodes("began") == ["first", "first"]
    await client.send(execution, RESUME)
    await client.ended(execution)


async def test_only_a_paused_execution_takes_steps(client: Client, new_worker: NewWorker) -> None:
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    with pytest.raises(InvalidState, match="Cannot step an execution in status CREATED"):
        await client.send(execution, STEP)
    await client.start(execution)
    with pytest.raises(InvalidState, match="Cannot step an execution in status RUNNING"):
        await client.send(execution, STEP)
