"""SIGKILL of a worker or an API at each of its points."""

import signal
from collections.abc import Sequence
from functools import partial

from tests.faults.scene import Fault, Scene
from tests.faults.stage import LEASE

SOON = 3
"""The latest passing at which a victim is killed."""

POINTS = (
    "after_claim",
    "before_effect",
    "after_effect",
    "in_append",
    "after_append",
    "after_consume",
    "in_signal",
    "in_spawn",
    "after_spawn",
    "after_child_end",
    "before_park",
    "in_park",
    "after_park",
    "in_terminal",
    "after_terminal",
    "notify",
)


async def kill_worker(point: str, scene: Scene) -> None:
    """A worker kills itself at a point."""
    victim = await scene.victim(f"{point}:kill@{scene.chance.randint(1, SOON)}")
    scene.begin()
    await scene.is_killed(victim)


async def kill_while_leaving(point: str, scene: Scene) -> None:
    """A worker that was told to end kills itself while it gives back what it holds."""
    victim = await scene.victim(f"{point}:kill")
    await scene.is_under_load()
    victim.signal(signal.SIGTERM)
    await scene.is_killed(victim)


async def kill_sweeper(point: str, scene: Scene) -> None:
    """A worker kills another one's memory of it: it dies while it takes away what a lost worker held."""
    lost = await scene.victim("after_append:kill@3")
    # Whose lease is shorter than that of the others gives up the lost one before they do.
    sweeper = await scene.victim(f"{point}:kill", TIDEGATE_LEASE_SECONDS=str(LEASE / 2))
    scene.begin()
    await scene.is_killed(lost)
    await scene.is_killed(sweeper)


async def kill_api(scene: Scene) -> None:
    """An API kills itself between a commit and its ring."""
    victim = await scene.stage.api(TIDEGATE_FAULTS=f"ring:kill@{scene.chance.randint(1, SOON)}")
    scene.stage.apis.append(victim)
    scene.begin()
    try:
        await scene.is_killed(victim)
    finally:
        scene.stage.apis.remove(victim)


FAULTS: Sequence[Fault] = (
    *(Fault(f"kill {point}", partial(kill_worker, point)) for point in POINTS),
    Fault("kill in_hand_on", partial(kill_while_leaving, "in_hand_on")),
    Fault("kill before_sign_off", partial(kill_while_leaving, "before_sign_off")),
    Fault("kill before_steal", partial(kill_sweeper, "before_steal")),
    Fault("kill in_steal", partial(kill_sweeper, "in_steal")),
    Fault("kill api before ring", kill_api),
)
