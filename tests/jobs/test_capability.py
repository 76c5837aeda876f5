"""Workers that do not all know the same: what one cannot run, others run; else it waits visibly (rule 12)."""

import logging
from pathlib import Path
from typing import Any

import pytest

from engine.capability import LOG_FORMAT
from engine.node import Context, Input, Node, Output
from engine.registry import Registry
from engine.status import ExecutionCommand
from storage.capability import without_capable_worker
from tests.claim_notes import NOTE_CLAIMS
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES, in_a_row, witness
from tests.jobs.nodes import REGISTRY, Notes
from tests.jobs.workers import LocalWorker


class FreshOutput(Output):
    worker: str


class Fresh(Node[Input, FreshOutput]):
    """Came with the newest version."""

    type = "test.fresh"

    async def run(self, inputs: Input, context: Context) -> FreshOutput:
        return FreshOutput(worker="newer")


class OtherInput(Input):
    notes: int
    gate: str | None = None
    value: Any = None


class OtherWitness(Node[OtherInput, Output]):
    """Has the name of the witness, and another kind of port."""

    type = "test.witness"

    async def run(self, inputs: OtherInput, context: Context) -> Output:
        raise AssertionError("It must not be run with what was meant for another.")


LATER = LOG_FORMAT + 1
NEWER = Registry([*REGISTRY.values(), Fresh])
CHANGED = Registry([OtherWitness, *(each for name, each in REGISTRY.items() if name != "test.witness")])
FRESH = [{"id": "fresh", "type": "test.fresh"}]


@pytest.fixture(autouse=True)
async def _noting(client: Client) -> None:
    """Every claim is written down in the table `taken`."""
    await client.pool.execute(NOTE_CLAIMS)


async def claims_of(client: Client, worker: LocalWorker) -> int:
    return int(await client.pool.fetchval("select count(*) from taken where worker_id = $1", worker.id))


async def declined(client: Client, execution_id: str) -> str:
    """Wait until all workers have declined an execution; gives the one reason."""

    async def reasons() -> list[str]:
        async with client.pool.acquire() as connection:
            found = await without_capable_worker(connection, [execution_id])
        return [refusal.reason for refusal in found.get(execution_id, [])]

    [reason] = await eventually(reasons)
    return reason


async def test_each_execution_runs_where_its_node_types_are_known(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    older, newer = await new_worker(), await new_worker(registry=NEWER)
    fresh, plain = await client.flow(FRESH), await client.flow([witness("a", notes)])
    new = [await client.run(fresh) for _ in range(40)]
    old = [await client.run(plain) for _ in range(40)]
    await client.all_ended([*new, *old])
    query = "select count(*) from execution_events where type = 'FLOW_STARTED' and data::json ->> 'workerId' = $1"
    assert await client.pool.fetchval(f"{query} and execution_id = any ($2::text[])", newer.id, new) == 40
    assert await claims_of(client, older) <= 80
    assert older.parts.sweeper.rescues + newer.parts.sweeper.rescues == 0


async def test_what_a_worker_has_declined_once_it_never_claims_again(client: Client, new_worker: NewWorker) -> None:
    older = await new_worker()
    fresh = await client.flow(FRESH)
    first = await client.run(fresh)
    await declined(client, first)
    before = await claims_of(client, older)
    for _ in range(20):
        await client.run(fresh)
    await older.look(20)
    assert before == await claims_of(client, older) == 1


async def test_a_worker_rings_for_what_it_passes_over_as_long_as_another_may_take_it(
    client: Client, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = await new_worker()
    await declined(client, await client.run(await client.flow(FRESH)))
    rung: list[float] = []
    monkeypatch.setattr(older.parts.doorbell, "ring_later", rung.append)
    await older.look(3)
    assert not rung
    await client.pool.execute("insert into workers (id, host, pid, concurrency) values ('newer', 'h', 1, 1)")
    older.parts.claimer.look()
    await eventually(lambda: rung)


async def test_what_nobody_can_run_waits_visibly_until_somebody_comes(
    client: Client, new_worker: NewWorker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = await new_worker()
    fresh = await client.flow(FRESH)
    with caplog.at_level(logging.WARNING, logger="jobs.declining"):
        ids = [await client.run(fresh) for _ in range(10)]
        assert await declined(client, ids[0]) == "It does not know the node type test.fresh."
    assert len([record for record in caplog.records if "to others" in record.message]) == 1
    with monkeypatch.context() as patched:
        patched.setattr("jobs.sweeper.OVERDUE_SECONDS", 0.2)
        long = "select count(*) = 10 from queue where worker_id is null and ready_at < now() - interval '4 s'"
        await eventually(lambda: client.pool.fetchval(long))
    assert older.parts.sweeper.rescues == 0
    newer = await new_worker(registry=NEWER)
    await client.all_ended(ids)
    assert newer.parts.sweeper.rescues == 0


async def test_a_worker_whose_ports_are_not_those_that_a_flow_relies_on_leaves_it_to_others(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    await new_worker(registry=CHANGED)
    execution = await client.run(await client.flow([witness("a", notes)], node_types=REGISTRY))
    said = "The flow relies on other ports than those that it has of the node type test.witness."
    assert await declined(client, execution) == said
    await new_worker()
    await client.ended(execution)
    assert notes.nodes("ended") == ["a"]


async def test_what_nobody_can_run_is_stopped_by_anybody(client: Client, new_worker: NewWorker) -> None:
    older = await new_worker()
    execution = await client.run(await client.flow(FRESH))
    await declined(client, execution)
    await client.stop(execution, "enough")
    await client.ended(execution, "STOPPED")
    assert await client.kinds(execution) == ["EXECUTION_CREATED", "FLOW_STARTED", "FLOW_CANCELLED"]
    assert (await client.events(execution))[-1][1]["reason"] == "enough"
    assert older.parts.sweeper.rescues == 0


async def test_what_is_stopped_before_anybody_has_looked_is_ended_by_who_cannot_run_it(
    client: Client, new_worker: NewWorker
) -> None:
    execution = await client.run(await client.flow(FRESH))
    await client.stop(execution, "enough")
    await new_worker()
    await client.ended(execution, "STOPPED")


async def test_a_node_that_was_running_is_cancelled_in_the_log_by_a_worker_that_does_not_know_it(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    """The worker that ran it leaves; what it spawned and what it ran is ended by one that knows neither."""
    newer = await new_worker(registry=NEWER)
    nodes = [*FRESH, witness("busy", notes, gate)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["busy"])
    await newer.stop()
    older = await new_worker()
    await declined(client, execution)
    await client.stop(execution, "enough")
    await client.ended(execution, "STOPPED")
    assert older.parts.sweeper.rescues == 0
    failed = await client.saw(execution, "NODE_FAILED", nodeId="busy")
    assert failed["error"]["code"] == "CANCELLED"


async def test_children_of_what_nobody_can_run_are_stopped_with_it(client: Client, new_worker: NewWorker) -> None:
    """The parent has called a flow that only waits, and the worker that knows both leaves."""
    newer = await new_worker(registry=NEWER)
    wait = [{"id": "wait", "type": "signal.wait", "inputs": {"name": "never"}}, *FRESH]
    called = await client.flow(wait, in_a_row(wait))
    nodes = [*FRESH, {"id": "call", "type": "flow.call", "inputs": {"flowId": called}}]
    parent = await client.run(await client.flow(nodes, in_a_row(nodes)))
    child = (await client.saw(parent, "CHILD_EXECUTION_SPAWNED"))["childExecutionId"]
    await client.saw(child, "NODE_WAITING")
    await newer.stop()
    older = await new_worker()
    await client.stop(parent, "enough")
    for execution in (parent, child):
        await client.ended(execution, "STOPPED")
    assert older.parts.sweeper.rescues == 0


async def test_a_child_that_nobody_can_run_hears_of_its_parents_stop_though_a_pause_waits_already(
    client: Client, new_worker: NewWorker
) -> None:
    await new_worker()
    called = await client.flow(FRESH)
    parent = await client.run(await client.flow([{"id": "call", "type": "flow.call", "inputs": {"flowId": called}}]))
    child = (await client.saw(parent, "CHILD_EXECUTION_SPAWNED"))["childExecutionId"]
    await declined(client, child)

    async def is_told() -> bool:
        return bool(await client.pool.fetchval("select exists (select from inbox where execution_id = $1)", child))

    await client.send(parent, ExecutionCommand.PAUSE, {"reason": None})
    await eventually(is_told)
    await client.stop(parent)
    await client.ended(child, "STOPPED")


async def test_a_log_in_a_format_that_came_later_is_left_alone_until_it_is_stopped(
    client: Client, new_worker: NewWorker
) -> None:
    later, plain = [await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES)) for _ in range(2)]
    await client.pool.execute("update executions set log_format = $2 where id = $1", later, LATER)
    await client.pool.execute("update queue set log_format = $2 where execution_id = $1", later, LATER)
    worker = await new_worker()
    for execution in (later, plain):
        await client.start(execution)
    await client.ended(plain)
    assert await declined(client, later) == f"It reads logs up to format {LOG_FORMAT}, not {LATER}."
    await client.stop(later, "enough")
    await client.ended(later, "STOPPED")
    assert worker.parts.sweeper.rescues == 0
    assert (await client.events(later))[-1] == ("FLOW_CANCELLED", {"executionTime": 0.0, "reason": "enough"})


async def test_workers_are_replaced_by_newer_ones_while_both_versions_of_a_flow_are_run(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    older = [await new_worker(concurrency=4) for _ in range(2)]
    flow = await client.flow([witness("a", notes)])
    ids = [await client.run(flow) for _ in range(10)]
    newer = [await new_worker(registry=NEWER, concurrency=4)]
    await client.update(flow, [witness("a", notes), *FRESH])
    ids += [await client.run(flow) for _ in range(20)]
    await older[0].stop()
    newer.append(await new_worker(registry=NEWER, concurrency=4))
    ids += [await client.run(flow) for _ in range(20)]
    await older[1].stop()
    await client.all_ended(ids)
    assert max(notes.count("ended").values()) == 1
    assert sum(worker.parts.sweeper.rescues for worker in (*older, *newer)) == 0
    assert await client.pool.fetchval("select count(*) from declined") == 0
