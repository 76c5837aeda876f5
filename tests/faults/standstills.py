"""Processes that stand still: frozen, blocked, cut off, late, or with a wrong clock."""

import asyncio
import signal
from collections.abc import Sequence
from functools import partial

from tests.eventually import eventually
from tests.faults.entry import GIVEN_UP
from tests.faults.scene import Fault, Scene
from tests.faults.service import WorkerProcess
from tests.faults.stage import LEASE
from tests.jobs.nodes import Notes

GONE = "select not exists (select from workers where id = $1)"


async def is_given_up(scene: Scene, worker: WorkerProcess) -> None:
    """Wait until the others have given a worker up."""
    await eventually(lambda: scene.stage.pool.fetchval(GONE, worker.id), within=4 * LEASE + 5)


async def freeze(point: str, scene: Scene, late_effects: int = 0) -> None:
    """A worker is stopped at a point for longer than its lease, and goes on: it must do no harm, and end.

    It may still begin so many effects: one that is frozen on the threshold cannot be held back.
    """
    zombie = await scene.victim(f"{point}:stop@{scene.chance.randint(1, 3)}")
    scene.begin()
    await scene.fires(zombie)
    await is_given_up(scene, zombie)
    await asyncio.sleep(scene.chance.uniform(0, LEASE))
    late = len(_began_by(scene, zombie))
    zombie.signal(signal.SIGCONT)
    code = await zombie.exit_code()
    if code != GIVEN_UP:
        scene.complaints.append(f"zombie: it ended with {code}")
    if len(_began_by(scene, zombie)) > late + late_effects:
        scene.complaints.append(f"I4: the zombie began effects late: {_began_by(scene, zombie)[late:]}")


def _began_by(scene: Scene, worker: WorkerProcess) -> list[list[str]]:
    return [line for line in Notes(scene.stage.notes).read("began") if line[2] == str(worker.pid)]


async def block(scene: Scene) -> None:
    """The event loop of a worker is held up for longer than the lease."""
    blocked = await scene.victim(f"notify:delay={2.5 * LEASE}@{scene.chance.randint(1, 5)}")
    scene.begin()
    await scene.fires(blocked)
    await is_given_up(scene, blocked)
    assert await blocked.exit_code() == GIVEN_UP


async def beat_no_more(scene: Scene) -> None:
    """A worker works, but its beat stands still."""
    # It leaves each connection that does not answer soon, so that many beats must be held up for one lease.
    deaf = await scene.victim(",".join(f"before_beat:delay={LEASE}@{passing}" for passing in range(3, 9)))
    scene.begin()
    await scene.fires(deaf)
    await is_given_up(scene, deaf)
    assert await deaf.exit_code() == GIVEN_UP


async def shift_clock(scene: Scene) -> None:
    """A worker's own clock is an hour wrong."""
    shifts = ("3600", "-3600")
    victims = [await scene.victim("after_append:delay=0.01", CLOCK_SHIFT=shift) for shift in shifts]
    scene.begin()
    for victim in victims:
        await scene.fires(victim)
    held = await scene.stage.pool.fetchval("select count(*) from workers")
    if held < 4:
        scene.complaints.append(f"clock: only {held} workers of 4 are left")


FAULTS: Sequence[Fault] = (
    Fault("freeze before_lease_check", partial(freeze, "before_lease_check")),
    Fault("freeze before_effect", partial(freeze, "before_effect", late_effects=1), is_long=True),
    Fault("freeze in_append", partial(freeze, "in_append")),
    Fault("freeze after_append", partial(freeze, "after_append"), is_long=True),
    Fault("block the loop", block),
    Fault("beat no more", beat_no_more),
    Fault("clock an hour wrong", shift_clock, is_long=True),
)
