"""Which faults there are, and playing them one after the other."""

import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence

from tests.faults import comings, kills, outages, standstills, statements
from tests.faults.flows import Flow, random_flows, witnessed_flows
from tests.faults.gateway import Gateway
from tests.faults.load import install
from tests.faults.scene import Fault, Result, play
from tests.faults.stage import Stage

RANDOM_FLOWS = 6

FAULTS: Sequence[Fault] = (
    *comings.FAULTS,
    *kills.FAULTS,
    *outages.FAULTS,
    *standstills.FAULTS,
    *statements.FAULTS,
)


async def installed(stage: Stage, seed: int) -> Mapping[str, Flow]:
    """Create the flows of a campaign; gives them by id."""
    gateway = Gateway(lambda: stage.apis, random.Random(seed))
    try:
        return await install(gateway, [*witnessed_flows(stage.notes), *random_flows(seed, RANDOM_FLOWS)])
    finally:
        await gateway.close()


async def play_one(fault: Fault, stage: Stage, flows: Mapping[str, Flow], seed: str, executions: int) -> Result:
    """Set the stage up and play one scene on it; nothing of it is left behind."""
    await stage.set_up()
    try:
        result = await play(fault, stage, flows, seed, executions)
    finally:
        await stage.set_up()
        await stage.clear()
    result.violations += await stage.leftovers()
    return result


async def play_all(
    stage: Stage, faults: Sequence[Fault], seed: int, seconds: float, executions: int
) -> AsyncIterator[Result]:
    """Play the faults over and over, in another order each time, for so many seconds; the seed decides everything."""
    flows, deadline = await installed(stage, seed), time.monotonic() + seconds
    turn = 0
    while True:
        order = random.Random(f"{seed} {turn}").sample(list(faults), len(faults))
        for fault in order:
            if turn and time.monotonic() > deadline:
                return
            yield await play_one(fault, stage, flows, f"{seed} {turn}", executions)
        turn += 1
