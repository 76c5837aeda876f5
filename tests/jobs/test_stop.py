"""STOP: at any time, within a second, with the running nodes cancelled first."""

from pathlib import Path

import pytest

from engine.errors import InvalidState
from jobs.mailroom import POLL_SECONDS
from storage.wakeups import Wakeups
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import TRIVIAL, TRIVIAL_EDGES, in_a_row, witness
from tests.jobs.nodes import Notes
from tests.proxy import proxy


async def stopped(client: Client, execution_id: str) -> None:
    """Wait for the end; the last event must say why."""
    await client.ended(execution_id, "STOPPED")
    kind, data = (await client.events(execution_id))[-1]
    assert (kind, data["reason"]) == ("FLOW_CANCELLED", "enough")


async def stopped_by_a_poll(client: Client, execution_id: str) -> None:
    """Wait for the end of an execution whose worker is told by nobody, but looks more than once in a second."""
    assert POLL_SECONDS < 1
    await stopped(client, execution_id)


async def test_a_waiting_execution_is_stopped(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker(warm_seconds=30.0)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await client.held(execution)
    await client.stop(execution, "enough")
    await stopped(client, execution)
    assert await client.kinds(execution) == ["EXECUTION_CREATED", "FLOW_CANCELLED"]
    assert worker.parts.sweeper.rescues == 0


async def test_a_parked_execution_is_stopped(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker(warm_seconds=0.01)
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await eventually(lambda: client.pool.fetchval("select exists (select from timers)"))
    assert not (await client.stop(execution, "enough")).is_held
    await stopped(client, execution)
    assert worker.parts.sweeper.rescues == 0


async def test_an_execution_that_no_worker_has_seen_is_stopped_by_the_first_that_comes(
    client: Client, new_worker: NewWorker
) -> None:
    execution = await client.create(await client.flow(TRIVIAL, TRIVIAL_EDGES))
    await client.stop(execution, "enough")
    await new_worker()
    await stopped(client, execution)


async def test_a_running_execution_is_stopped_and_its_node_cancelled_first(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    await new_worker()
    nodes = [witness("done", notes), witness("busy", notes, gate), witness("never", notes)]
    execution = await client.run(await client.flow(nodes, in_a_row(nodes)))
    await eventually(lambda: notes.nodes("began") == ["done", "busy"])
    await client.stop(execution, "enough")
    await stopped(client, execution)
    assert notes.nodes("cancelled") == ["busy"]
    events = await client.events(execution)
    assert [kind for kind, _ in events[-3:]] == ["NODE_STARTED", "NODE_FAILED", "FLOW_CANCELLED"]
    assert (events[-2][1]["nodeId"], events[-2][1]["error"]["code"]) == ("busy", "CANCELLED")
    assert notes.nodes("began") == ["done", "busy"]


async def test_a_node_that_does_not_let_itself_be_cancelled_does_not_hold_up_the_stop(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    worker = await new_worker()
    flow = await client.flow([{**witness("deaf", notes, gate), "type": "test.stubborn"}])
    execution = await client.run(flow)
    await eventually(lambda: notes.nodes("began") == ["deaf"])
    await client.stop(execution, "enough")
    await stopped(client, execution)
    assert "deaf" in notes.nodes("cancelled")
    await eventually(lambda: worker.parts.claimer.held == 0)
    gate.touch()


async def test_start_and_stop_at_once_are_both_applied_in_order(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
    for _ in range(20):
        execution = await client.create(flow)
        await client.start(execution)
        await client.stop(execution, "enough")
        await stopped(client, execution)
        kinds = await client.kinds(execution)
        assert kinds[:2] == ["EXECUTION_CREATED", "FLOW_STARTED"]
        with pytest.raises(InvalidState):
            await client.stop(execution)


async def test_stop_wins_over_an_end_that_is_being_written(client: Client, new_worker: NewWorker) -> None:
    """Whichever comes first to the head decides; the other one is refused or gives way, and none is lost."""
    await new_worker()
    flow = await client.flow(TRIVIAL, TRIVIAL_EDGES)
    accepted = 0
    for _ in range(40):
        execution = await client.run(flow)
        try:
            await client.stop(execution, "enough")
        except InvalidState:
            await client.ended(execution, "COMPLETED")
        else:
            accepted += 1
            await stopped(client, execution)
    assert accepted


async def test_a_stop_is_applied_within_a_second_although_notifications_do_not_get_through(
    client: Client,
    new_worker: NewWorker,
    notes: Notes,
    gate: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker's listening connection is there, and nothing comes through it."""
    async with proxy(database_url) as deaf:
        monkeypatch.setattr("jobs.worker.Wakeups", lambda url, topic: Wakeups(deaf.url, topic))
        monkeypatch.setattr("storage.listen.PING_SECONDS", 3600.0)
        await new_worker()
        execution = await client.run(await client.flow([witness("busy", notes, gate)]))
        await eventually(lambda: notes.nodes("began") == ["busy"])
        deaf.block()
        await client.stop(execution, "enough")
        await stopped_by_a_poll(client, execution)


async def test_a_stop_is_applied_within_a_second_although_the_listening_backend_was_killed(
    client: Client,
    new_worker: NewWorker,
    notes: Notes,
    gate: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with proxy(database_url) as way:
        monkeypatch.setattr("jobs.worker.Wakeups", lambda url, topic: Wakeups(way.url, topic))
        await new_worker()
        execution = await client.run(await client.flow([witness("busy", notes, gate)]))
        await eventually(lambda: notes.nodes("began") == ["busy"])
        way.refuses = True
        way.cut_all()
        await eventually(lambda: way.connections == 0)
        await client.stop(execution, "enough")
        await stopped_by_a_poll(client, execution)
