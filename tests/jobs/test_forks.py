"""Retries with real workers: what completed is not run again, also where the worker of the retry is lost."""

from pathlib import Path

from engine.forks import take_over
from engine.ids import new_execution_id
from engine.options import ExecutionOptions
from engine.status import ExecutionCommand
from storage.access import Reader
from storage.commands import send_command
from storage.executions import executions_by_id
from storage.forks import TakenOver, create_fork, payload_ids, read_original
from storage.new_executions import NewExecution
from storage.transaction import transaction
from storage.versions import Versions
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import REGISTRY, Notes

BIG = "b" * 70_000


async def retried(client: Client, execution: str) -> str:
    """Make a retry of an execution and start it; gives its id."""
    async with client.pool.acquire() as connection:
        row = (await executions_by_id(connection, Reader(client.owner), [execution]))[execution].row
    version = await Versions(client.pool, REGISTRY).get(row.flow_id, row.flow_version)
    completed = take_over(await read_original(client.pool, row, version.plan), frozenset())
    new = NewExecution(
        id=new_execution_id(), flow_id=row.flow_id, flow_version=row.flow_version, flow_name="Test",
        owner_id=client.owner, inputs={}, port_values=[], options=ExecutionOptions(), integration=None,
        external_events=[], priority=0, idempotency_key=None, request_digest=None, forked_from_id=execution,
    )  # fmt: skip
    payloads = payload_ids(value for event in completed for value in event.values())
    async with transaction(client.pool) as connection:
        await create_fork(connection, new, TakenOver(execution, completed, payloads))
        await send_command(connection, new.id, ExecutionCommand.START)
    client.ring()
    return new.id


async def test_a_retry_whose_worker_is_killed_goes_on_and_never_runs_what_it_took_over(
    client: Client, new_process: NewProcess, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    doomed = await new_process()
    first = witness("a", notes)
    first["inputs"]["value"] = BIG
    nodes = [
        first, witness("b", notes, gate), witness("c", notes),
        {"id": "out", "type": "flow.output", "inputs": {"name": "a"}},
    ]  # fmt: skip
    execution = await client.run(await client.flow(nodes, [*in_a_row(nodes), ("a.value", "out.value")]))
    await eventually(lambda: notes.nodes("began") == ["a", "b"])
    await client.stop(execution)
    await client.ended(execution, "STOPPED")
    retry = await retried(client, execution)
    await eventually(lambda: notes.nodes("began") == ["a", "b", "b"])
    heir = await new_worker()
    doomed.kill()
    assert (await client.saw(retry, "EXECUTION_RECOVERED"))["workerId"] == heir.id
    gate.touch()
    row = await client.ended(retry)
    assert notes.nodes("began") == ["a", "b", "b", "b", "c"]
    assert '"$payload"' in row["outputs"]
    assert (row["log_format"], row["forked_from_id"]) == (2, execution)
