"""One scene of the campaign: the service under load, a fault, its healing, and the examination of what is left."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.eventually import eventually
from tests.evidence import (
    misread_logs,
    misread_trees,
    missing_mutations,
    strange_effects,
    wrong_node_outputs,
    wrong_outputs,
)
from tests.faults.flows import Flow
from tests.faults.gateway import Gateway
from tests.faults.load import Load
from tests.faults.service import ServiceProcess, WorkerProcess
from tests.faults.stage import Stage
from tests.invariants import AT_REST, violations
from tests.jobs.nodes import Notes

FIRES_WITHIN = 40.0
HEALS_WITHIN = 60.0
SCENE_SECONDS = 150.0
KILLED = -9

UNENDED = "select count(*) from executions where completed_at is null"
LAST_END = "select extract(epoch from max(completed_at))::float8 from executions"


class Fault(NamedTuple):
    """A fault by its name: `inject` lets the load begin, does the harm, proves it, and returns when it is over.

    Where `is_harmless`, no sweeper may have had to ring; one that `is_long` is left out of the short campaign.
    """

    name: str
    inject: Callable[["Scene"], Awaitable[None]]
    is_harmless: bool = False
    is_long: bool = False


@dataclass
class Result:
    """What came of a scene."""

    fault: str
    fired: int = 0
    executions: int = 0
    repeats: int = 0
    seconds_to_heal: float = 0.0
    violations: list[str] = field(default_factory=list)


class Scene:
    """What a fault may do: begin the load, bring in victims, harm the stage. `fired` counts what really happened."""

    def __init__(self, stage: Stage, flows: Mapping[str, Flow], seed: str, executions: int) -> None:
        self.stage = stage
        self.chance = random.Random(seed)
        self.gateway = Gateway(lambda: stage.apis, random.Random(f"{seed} ways"))
        self.load = Load(self.gateway, dict(flows), random.Random(f"{seed} load"), executions)
        self.fired = 0
        self.complaints: list[str] = []
        self._loading: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Let the load begin."""
        self._loading = asyncio.create_task(self.load.run())

    async def is_under_load(self, share: float = 0.3) -> None:
        """Begin, and wait until a share of the executions is there."""
        self.begin()
        there = self.load.acknowledged.executions
        await eventually(lambda: len(there) >= share * self.load.least, within=FIRES_WITHIN)

    async def victim(self, faults: str, **settings: str) -> WorkerProcess:
        """Bring in a worker that will do this to itself."""
        return await self.stage.worker(TIDEGATE_FAULTS=faults, **settings)

    async def fires(self, process: ServiceProcess, times: int = 1) -> None:
        """Wait until so many faults have fired in a process; raises AssertionError if they do not."""
        await eventually(lambda: len(process.firings) >= times or not process.is_running, within=FIRES_WITHIN)
        self.fired += len(process.firings)
        assert len(process.firings) >= times, f"{process.name} fired {process.firings} only; {process.log[-2000:]}"

    async def is_killed(self, process: ServiceProcess) -> None:
        """Wait until a process has killed itself; raises AssertionError if it ends in another way."""
        code = await process.exit_code(within=FIRES_WITHIN)
        kills = [line for line in process.firings if " kill " in line]
        assert (code, len(kills)) == (KILLED, 1), f"{process.name} ended with {code}: {process.firings}; {process.log}"
        self.fired += 1

    async def end(self) -> None:
        """Let the load come to its end, and everything that it has begun."""
        self.load.finish()
        assert self._loading, "the load never began"
        await self._loading
        try:
            await eventually(self._all_ended, within=HEALS_WITHIN)
        except AssertionError:
            self.complaints.append(f"I8: not everything has ended within {HEALS_WITHIN} s")

    async def _all_ended(self) -> bool:
        return bool(await self.stage.pool.fetchval(UNENDED) == 0)

    async def close(self) -> None:
        """Leave nothing running."""
        if self._loading and not self._loading.done():
            self._loading.cancel()
            await asyncio.wait([self._loading])
        await self.gateway.close()

    async def examine(self) -> list[str]:
        """Everything that is not as it must be."""
        given, stopped = self.load.acknowledged, self.load.acknowledged.stopped
        outputs = {each: flow.outputs for each, flow in given.executions.items() if flow.outputs is not None}
        nodes = {each: flow.node_outputs for each, flow in given.executions.items() if flow.node_outputs is not None}
        began = [(line[0], int(line[1])) for line in Notes(self.stage.notes).read("began")]
        seen = {each.execution: each.events for each in self.load.subscribers}
        trees = {each.execution: each.stream for each in self.load.tree_subscribers}
        watchers = (*self.load.subscribers, *self.load.tree_subscribers)
        async with self.stage.pool.acquire() as connection:
            return [
                *self.complaints,
                *(line for subscriber in watchers for line in subscriber.violations),
                *await violations(connection),
                *await violations(connection, AT_REST),
                *await missing_mutations(connection, given.executions, given.commands),
                *await strange_effects(connection, began, "test.witness"),
                *await wrong_outputs(connection, outputs, stopped),
                *await wrong_node_outputs(connection, nodes, stopped),
                *await misread_logs(connection, seen),
                *await misread_trees(connection, trees),
            ]


async def play(fault: Fault, stage: Stage, flows: Mapping[str, Flow], seed: str, executions: int) -> Result:
    """Play a scene on a stage that is set up; whatever goes wrong is in the result."""
    result, scene = Result(fault.name), Scene(stage, flows, f"{seed} {fault.name}", executions)
    rescues = _rescues(stage)
    try:
        async with asyncio.timeout(SCENE_SECONDS):
            await fault.inject(scene)
            healed_at = time.time()
            await scene.end()
            result.seconds_to_heal = max((await stage.pool.fetchval(LAST_END)) - healed_at, 0.0)
            result.violations = await scene.examine()
    except Exception as error:
        result.violations.append(f"{fault.name}: {type(error).__name__}: {_root(error)}")
    finally:
        await scene.close()
    if fault.is_harmless and _rescues(stage) > rescues:
        result.violations.append("I16: a sweeper had to ring, though nothing was harmed")
    if not scene.fired:
        result.violations.append(f"{fault.name} did not fire")
    result.fired, result.executions = scene.fired, len(scene.load.acknowledged.executions)
    result.repeats = _repeats(stage, scene)
    return result


def _root(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _rescues(stage: Stage) -> int:
    return sum(worker.log.count("Something has waited for more than") for worker in stage.workers)


def _repeats(stage: Stage, scene: Scene) -> int:
    """How often effects of this scene began again."""
    return sum(
        times - 1
        for key, times in Notes(stage.notes).count("began").items()
        if key.partition(":")[0] in scene.load.acknowledged.executions
    )
