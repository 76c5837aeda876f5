"""Limits of owners and flows, on real workers: never exceeded, and no place under a limit stays empty (I15, I16)."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from jobs.claimer import RING_AGAIN_SECONDS
from storage.claims import Limits
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewWorker
from tests.jobs.flows import in_a_row, witness
from tests.jobs.nodes import Notes
from tests.jobs.workers import LocalWorker


def rescues(workers: Sequence[LocalWorker]) -> int:
    return sum(worker.parts.sweeper.rescues for worker in workers)


def overlaps(notes: Notes, groups: dict[str, str]) -> list[tuple[str, str]]:
    """Pairs of executions of one group that ran at the same time, by when each began and ended."""
    ended = {line[0]: float(line[3]) for line in notes.read("ended")}
    spans: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for key, _, _, began in notes.read("began"):
        spans[groups[key.partition(":")[0]]].append((float(began), ended[key], key))
    return [
        (earlier[2], later[2])
        for group in spans.values()
        for earlier, later in pairwise(sorted(group))
        if later[0] < earlier[1]
    ]


async def test_with_a_limit_of_one_no_two_executions_of_an_owner_ever_run_at_once(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    """Three owners with ten executions each, on two workers that had room for all of them."""
    workers = [await new_worker(concurrency=8, limits=Limits(owner=1)) for _ in range(2)]
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 30}}
    owner_of: dict[str, str] = {}
    for owner in ("ada", "bob", "cyd"):
        client.owner = owner
        nodes = [witness("a", notes), nap, witness("b", notes)]
        flow = await client.flow(nodes, in_a_row(nodes))
        for _ in range(10):
            owner_of[await client.run(flow)] = owner
    await client.all_ended(list(owner_of))
    assert overlaps(notes, owner_of) == []
    assert set(notes.count("ended").values()) == {1}
    assert len(notes.read("ended")) == 60
    assert rescues(workers) == 0


async def test_no_more_executions_of_a_flow_are_held_than_its_limit(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    workers = [await new_worker(limits=Limits(flow=3)) for _ in range(2)]
    limited, other = await client.flow([witness("a", notes, gate)]), await client.flow([witness("a", notes)])
    ids = [await client.run(limited) for _ in range(8)]
    await eventually(lambda: len(notes.read("began")) == 3)
    await client.ended(await client.run(other))
    held = "select count(*) from queue where worker_id is not null and flow_id = $1"
    assert await client.pool.fetchval(held, limited) == 3
    gate.touch()
    await client.all_ended(ids)
    assert rescues(workers) == 0


async def test_what_a_limit_held_back_is_taken_up_by_another_worker_if_the_one_that_lets_go_cannot(
    client: Client, new_worker: NewWorker, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever rings while the limit holds everything back rings for nothing, so it has to ring when it lets go."""
    gates = [tmp_path / "first", tmp_path / "second"]
    busy = await new_worker(concurrency=1, limits=Limits(owner=1))
    first = await client.run(await client.flow([witness("first", notes, gates[0])]))
    await eventually(lambda: notes.nodes("began") == ["first"])
    idle = await new_worker(limits=Limits(owner=1))

    async def pass_on() -> None:
        idle.parts.doorbell.ring_later(RING_AGAIN_SECONDS)

    monkeypatch.setattr(busy.parts.claimer, "_take_all", pass_on)
    second = await client.run(await client.flow([witness("second", notes, gates[1])]))
    rung: list[bool] = []
    ring = busy.parts.doorbell.ring
    monkeypatch.setattr(busy.parts.doorbell, "ring", lambda: rung.append(True) or ring())
    gates[0].touch()
    await eventually(lambda: notes.nodes("began") == ["first", "second"])
    assert rung
    assert await client.held(second) == idle.id
    gates[1].touch()
    await client.all_ended([first, second])
    assert rescues([busy, idle]) == 0


async def test_executions_that_wait_for_their_start_do_not_fill_up_a_limit(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    worker = await new_worker(warm_seconds=30.0, limits=Limits(owner=1))
    flow = await client.flow([witness("a", notes)])
    ids = [await client.create(flow) for _ in range(20)]
    await eventually(lambda: client.pool.fetchval("select not exists (select from queue)"))
    await client.start(ids[-1])
    await client.ended(ids[-1])
    assert worker.parts.sweeper.rescues == 0


async def test_what_a_leaving_worker_gives_back_is_taken_up_at_once(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    leaving = await new_worker(limits=Limits(owner=1))
    flow = await client.flow([witness("a", notes, gate)])
    ids = [await client.run(flow)]
    await eventually(lambda: len(notes.read("began")) == 1)
    heir = await new_worker(limits=Limits(owner=1))
    ids.append(await client.run(flow))
    await leaving.stop()
    gate.touch()
    await client.all_ended(ids)
    assert heir.parts.sweeper.rescues == 0
