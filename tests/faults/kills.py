"""SIGKILL of a worker or an API at each of its points."""

import signal
from collections.abc import Sequence
from functools import partial

from tests.eventually import eventually
from tests.faults.scene import FIRES_WITHIN, Fault, Scene

SOON = 3
"""The latest passing at which a victim is killed; of what a load seldom does it is the first."""

SELDOM = ("signal", "spawn", "child_end", "claim", "park")

POINTS = (
    "after_claim",
    "before_effect",
    "after_effect",
    "in_append",
    "in_signal",
    "in_spawn",
    "after_park",
    "in_terminal",
)
LONG_POINTS = (
    "in_claim",
    "before_append",
    "after_append",
    "in_consume",
    "before_park",
    "notify",
    "after_consume",
    "after_signal",
    "after_spawn",
    "in_child_end",
    "after_child_end",
    "in_park",
    "after_terminal",
)
"""More of them, which are left out of the short campaign."""


async def kill_worker(point: str, scene: Scene) -> None:
    """A worker kills itself at a point."""
    is_seldom = point.partition("_")[2] in SELDOM
    victim = await scene.victim(f"{point}:kill@{1 if is_seldom else scene.chance.randint(1, SOON)}")
    scene.begin()
    await scene.is_killed(victim)


async def kill_while_leaving(point: str, scene: Scene) -> None:
    """A worker that was told to end kills itself while it gives back what it holds."""
    # The first node with an effect takes so long that there is something to give back.
    victim = await scene.victim(f"{point}:kill,before_effect:delay=10")
    scene.begin()
    await eventually(lambda: victim.firings, within=FIRES_WITHIN)
    victim.signal(signal.SIGTERM)
    await scene.is_killed(victim)


async def kill_sweeper(point: str, scene: Scene) -> None:
    """A worker kills another one's memory of it: it dies while it takes away what a lost worker held."""
    lost = await scene.victim("after_append:kill@3")
    # Whose lease is shorter than that of the others gives up the lost one before they do.
    sweeper = await scene.victim(f"{point}:kill", TIDEGATE_LEASE_SECONDS="1")
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
    *(Fault(f"kill {point}", partial(kill_worker, point), is_long=True) for point in LONG_POINTS),
    Fault("kill in_hand_on", partial(kill_while_leaving, "in_hand_on")),
    Fault("kill before_sign_off", partial(kill_while_leaving, "before_sign_off"), is_long=True),
    Fault("kill before_steal", partial(kill_sweeper, "before_steal")),
    Fault("kill in_steal", partial(kill_sweeper, "in_steal"), is_long=True),
    Fault("kill api before ring", kill_api),
)
