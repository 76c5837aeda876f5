"""Nodes that do what no node should do fail themselves, and neither hang their execution nor harm another."""

import pytest

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES


@pytest.mark.parametrize("type", ["test.giving_up", "test.crooked", "test.nul", "test.exiting", "test.surrogate"])
async def test_a_node_that_misbehaves_fails_and_its_error_can_be_handled(
    client: Client, new_worker: NewWorker, type: str
) -> None:
    worker = await new_worker()
    nodes = [{"id": "bad", "type": type}, {"id": "out", "type": "flow.output", "inputs": {"name": "error"}}]
    execution = await client.run(await client.flow(nodes, [("bad.__errorMessage", "out.value")]))
    row = await client.ended(execution)
    assert row["failed_node_count"] == 1
    await client.ended(await client.run(await client.flow(TRIVIAL, TRIVIAL_EDGES)))
    await eventually(lambda: worker.parts.claimer.held == 0)
    assert worker.task
    assert not worker.task.done()
