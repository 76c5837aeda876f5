"""The load of a scene: journeys of executions through the API, planned by a seed, and what the API has acknowledged."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.faults.flows import Flow
from tests.faults.gateway import Gateway, Refused
from tests.faults.subscriber import Subscriber
from tests.faults.tree_subscriber import TreeSubscriber

CREATE = """mutation($input: CreateExecutionInput!) {
    createExecution(input: $input) { execution { id } created } }"""
CREATE_FLOW = "mutation($d: JSON!) { createFlow(input: {document: $d}) { flow { id } } }"
COMMANDS = {
    "START": "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }",
    "PAUSE": "mutation($id: ID!) { pauseExecution(executionId: $id) { execution { id } } }",
    "RESUME": "mutation($id: ID!) { resumeExecution(executionId: $id) { execution { id } } }",
    "STOP": "mutation($id: ID!) { stopExecution(executionId: $id) { execution { id } } }",
    "SIGNAL": """mutation($id: ID!) {
        sendSignal(executionId: $id, name: "go", payload: {by: "go"}) { execution { id } } }""",
}
PACE_SECONDS = 0.04
"""Between two journeys."""

SLOW_SECONDS = 0.5
"""Between two journeys when there were many already: what happens seldom may still have to happen at a victim."""

EFFECTS_WEIGH = 3

MOST = 8
"""How many times more journeys than planned are begun at the pace while a fault has not fired yet."""


@dataclass
class Acknowledged:
    """What the API said that it has done: executions by flow, and how often it accepted each command of each."""

    executions: dict[str, Flow] = field(default_factory=dict)
    commands: Counter[tuple[str, str]] = field(default_factory=Counter)
    stopped: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Journey:
    """What a client does with one execution; times are seconds."""

    key: str
    flow_id: str
    flow: Flow
    before_start: float
    pauses: Sequence[tuple[float, float]]
    signal_after: float
    stop_after: float | None
    is_watched: bool


def plan(chance: random.Random, flow_id: str, flow: Flow) -> Journey:
    """Draw a journey."""
    pauses = [(chance.uniform(0, 0.6), chance.uniform(0, 0.5)) for _ in range(chance.choice((0, 0, 0, 1, 2)))]
    return Journey(
        key=str(UUID(int=chance.getrandbits(128))),
        flow_id=flow_id,
        flow=flow,
        before_start=chance.choice((0.0, 0.0, chance.uniform(0, 0.8))),
        pauses=pauses,
        signal_after=chance.uniform(0, 0.8),
        stop_after=chance.uniform(0, 0.8) if chance.random() < 0.1 else None,
        is_watched=chance.random() < 0.4,
    )


class Load:
    """Begins journeys, evenly, until at least `least` were begun and `finish` was called."""

    def __init__(self, gateway: Gateway, flows: dict[str, Flow], chance: random.Random, least: int) -> None:
        self._gateway = gateway
        self._flows = flows
        self._chance = chance
        self.least = least
        self._is_finishing = asyncio.Event()
        self.begun = 0
        self.acknowledged = Acknowledged()
        self.subscribers: list[Subscriber] = []
        self.tree_subscribers: list[TreeSubscriber] = []

    def finish(self) -> None:
        """Begin no more journeys than were planned."""
        self._is_finishing.set()

    async def run(self) -> None:
        """Return when every journey is over and every subscriber has seen the end; raises what no fault explains."""
        async with asyncio.TaskGroup() as tasks:
            while self.begun < self.least or not self._is_finishing.is_set():
                self.begun += 1
                flow_id, flow = self._choose()
                tasks.create_task(self._travel(plan(self._chance, flow_id, flow)))
                await asyncio.sleep(PACE_SECONDS if self.begun < MOST * self.least else SLOW_SECONDS)

    def _choose(self) -> tuple[str, Flow]:
        """A flow; those with effects, of which there are few, come more often than random ones."""
        weights = [1 if flow.node_outputs else EFFECTS_WEIGH for flow in self._flows.values()]
        return self._chance.choices(list(self._flows.items()), weights)[0]

    async def _travel(self, journey: Journey) -> None:
        execution = await self._create(journey)
        async with asyncio.TaskGroup() as tasks:
            if journey.is_watched:
                self._watch(execution, journey, tasks)
            await asyncio.sleep(journey.before_start)
            await self._send(execution, "START")
            if journey.flow.wants_signal:
                tasks.create_task(self._later(journey.signal_after, execution, "SIGNAL"))
            if journey.stop_after is not None:
                tasks.create_task(self._later(journey.stop_after, execution, "STOP"))
            for before, length in journey.pauses:
                await self._later(before, execution, "PAUSE")
                await self._later(length, execution, "RESUME")

    def _watch(self, execution: str, journey: Journey, tasks: asyncio.TaskGroup) -> None:
        self.subscribers.append(Subscriber(execution, self._gateway.some_api, random.Random(journey.key)))
        tree = TreeSubscriber(execution, self._gateway.some_api, random.Random(f"{journey.key} tree"))
        self.tree_subscribers.append(tree)
        for subscriber in (self.subscribers[-1], tree):
            tasks.create_task(subscriber.run())

    async def _create(self, journey: Journey) -> str:
        given = {"flowId": journey.flow_id, "idempotencyKey": journey.key, "options": {"onNodeFailure": "CONTINUE"}}
        made = (await self._gateway.ask(CREATE, input=given))["createExecution"]
        execution = str(made["execution"]["id"])
        self.acknowledged.executions[execution] = journey.flow
        return execution

    async def _later(self, seconds: float, execution: str, command: str) -> None:
        await asyncio.sleep(seconds)
        await self._send(execution, command)

    async def _send(self, execution: str, command: str) -> None:
        """Send a command; a refusal because of the status may be the right answer, and the checks find out."""
        if command == "STOP":
            self.acknowledged.stopped.add(execution)
        try:
            await self._gateway.ask(COMMANDS[command], id=execution)
        except Refused as refusal:
            if refusal.code != "INVALID_STATE":
                raise
            return
        self.acknowledged.commands[execution, command] += 1


async def install(gateway: Gateway, flows: Sequence[Flow]) -> dict[str, Flow]:
    """Create flows; gives them by id."""

    async def create(document: Any) -> str:
        made = await gateway.ask(CREATE_FLOW, d=document)
        return str(made["createFlow"]["flow"]["id"])

    installed = {}
    for flow in flows:
        document = flow.calling(await create(flow.calls)) if flow.calls else flow.document
        installed[await create(document)] = flow
    return installed
