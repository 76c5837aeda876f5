"""What goes wrong with one execution ends that one, with its mailbox, and touches no other (rule 3)."""

from dataclasses import replace
from typing import Any

import pytest

import engine.runner
from engine.commands import NodeSucceeded
from engine.errors import InvalidState
from engine.ledger import Append
from jobs.records import Writing
from storage.append import Member
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.pauses import paused

ONE = [{"id": "one", "type": "value.number", "inputs": {"value": 1}}]


def poison_completions_of(monkeypatch: pytest.MonkeyPatch, ids: set[str]) -> None:
    """Smuggle a NUL into what these executions write when a node completes."""
    encode = Writing.member

    def poisoned(self: Writing, append: Append) -> Member:
        member = encode(self, append)
        if member.execution_id not in ids:
            return member
        rows = [replace(row, data=f"\x00{row.data}") if row.type == "NODE_COMPLETED" else row for row in member.rows]
        return replace(member, rows=rows)

    monkeypatch.setattr(Writing, "member", poisoned)


async def test_of_300_executions_only_the_one_whose_events_cannot_be_stored_fails(
    client: Client, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = await client.flow(ONE)
    ids = [await client.create(flow) for _ in range(300)]
    poisoned = ids[123]
    poison_completions_of(monkeypatch, {poisoned})
    worker = await new_worker(concurrency=500)
    for execution in ids:
        await client.start(execution)
    row = await client.ended(poisoned, "FAILED")
    assert '"code":"PAYLOAD"' in row["error"]
    await client.all_ended([execution for execution in ids if execution != poisoned])
    assert worker.parts.sweeper.rescues == 0


async def test_of_300_executions_only_the_one_with_a_value_that_cannot_be_stored_fails(
    client: Client, new_worker: NewWorker
) -> None:
    good = await client.flow(ONE)
    bad = await client.flow([{"id": "bad", "type": "test.nul"}])
    ids = [await client.run(bad if n == 150 else good) for n in range(300)]
    poisoned = ids.pop(150)
    await new_worker(concurrency=500)
    row = await client.ended(poisoned, "FAILED")
    assert '"code":"PAYLOAD"' in row["error"]
    assert '"nodeId":"bad"' in row["error"]
    await client.all_ended(ids)


async def test_a_failure_that_the_worker_writes_takes_the_mailbox_along(
    client: Client, new_worker: NewWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = await client.run(await client.flow(ONE))
    poison_completions_of(monkeypatch, {execution})
    await new_worker()
    await client.ended(execution, "FAILED")
    assert await client.pool.fetchval("select count(*) from mailbox where not applied") == 0
    with pytest.raises(InvalidState) as refused:
        await client.stop(execution)
    assert refused.value.status == "FAILED"


async def test_an_error_of_the_engine_fails_the_execution_although_an_append_is_under_way(
    client: Client,
    new_worker: NewWorker,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    decide = engine.runner.decide

    def broken(state: Any, command: Any, now: int) -> Any:
        if isinstance(command, NodeSucceeded) and state.plan.nodes[command.node].id == "broken":
            raise RuntimeError("a mistake in the engine")
        return decide(state, command, now)

    monkeypatch.setattr(engine.runner, "decide", broken)
    flow = await client.flow(
        [
            {"id": "first", "type": "time.sleep", "inputs": {"durationMs": 20}},
            {"id": "broken", "type": "value.number", "inputs": {"value": 1}},
        ],
        [("first.__success", "broken.__execute")],
    )
    execution = await client.create(flow)
    worker = await new_worker(warm_seconds=30.0)
    await eventually(lambda: worker.parts.claimer.held == 1)
    async with paused(database_url, "insert", "execution_events") as pause:
        await client.start(execution)
        await pause.reached()
        # The engine goes on while the first append is held up, and stumbles.
        await eventually(lambda: "cannot go on" in caplog.text)
        await pause.end()
        row = await client.ended(execution, "FAILED")
    assert '"code":"CRASH"' in row["error"]
    assert "claimed here, but not run" not in caplog.text
    await eventually(lambda: worker.parts.claimer.held == 0)
