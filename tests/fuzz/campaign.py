"""A campaign: case after case against one process, each judged, and at the end what the process still holds."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from resolvers.schema import SCHEMA
from tests.fuzz import requests
from tests.fuzz.documents import Operations, large_document
from tests.fuzz.exchange import exchange, talk
from tests.fuzz.flows import Flows
from tests.fuzz.frames import conversation, handshake
from tests.fuzz.target import Held, Probe, Target
from tests.fuzz.texts import damaged
from tests.fuzz.verdict import of_response, of_socket, read_response

CPU_SECONDS = 1.0
"""How long the process may compute for one case, on whatever machine."""
PROBE_SECONDS = 3.0
"""How long the probe may wait at most, on a machine that does other things too."""
GROWTH_BYTES = 150 * 1024 * 1024
SOME_TASKS, SOME_SOCKETS = 5, 12
"""How many more there may be at the end: the pool of connections to Postgres may have grown."""
WARM_CASES = 60
MOST_FLOWS = 60
SHOWN = 2_000
"""Characters of an input that are shown; the seed makes the whole of it again."""

CREATE_FLOW = "mutation($d: JSON!) { createFlow(input: {document: $d}) { flow { id latest { id } } } }"
VALIDATE = "mutation($d: JSON!) { validateFlow(document: $d) { valid problems { path message } } }"
CREATE = "mutation($f: ID!) { createExecution(input: {flowId: $f, autoStart: true}) { execution { id } } }"


@dataclass(slots=True)
class Report:
    """What a campaign has found."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    slowest_probe: float = 0.0
    dearest: tuple[float, str] = (0.0, "")
    before: Held | None = None
    after: Held | None = None

    def note(self, name: str, spent: float, violations: Sequence[str]) -> None:
        """Note a case, and how many seconds it cost."""
        self.cases[name] += 1
        self.violations += violations
        self.dearest = max(self.dearest, (spent, name))

    @property
    def lines(self) -> list[str]:
        """What there is to say."""
        spent, by = self.dearest
        said = [
            f"{sum(self.cases.values())} cases: {dict(self.cases)}",
            f"statuses: {dict(sorted(self.statuses.items()))}",
            f"slowest probe {self.slowest_probe * 1000:.0f} ms; dearest case {spent:.2f} s of CPU: {by}",
        ]
        return [
            *said,
            f"before: {self.before}",
            f"after:  {self.after}",
            *(f"VIOLATED {line}" for line in self.violations),
        ]


class Campaign:
    """Plays cases by a seed; `run` until a number of them or of seconds is reached."""

    def __init__(self, against: Target, seed: int, *, patience: float = 1.0) -> None:
        self._patience = patience
        self._target = against
        self._dice = random.Random(seed)
        self._flows = Flows(self._dice)
        self._ids: dict[str, list[str]] = {"id": []}
        self._operations = Operations(SCHEMA._schema, self._dice, self._flows, self._ids)
        self._report = Report()
        self._said = ""
        self._wrong: list[str] = []
        self._kinds: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (30, self._operation), (10, self._damaged_text), (6, self._large_text), (24, self._flow),
            (16, self._odd_http), (1, self._large_http), (4, self._stream), (16, self._socket),
        ]  # fmt: skip

    async def run(self, *, cases: int = 10**9, seconds: float = 10**9) -> Report:
        """Play, and look at the process afterwards."""
        await self._furnish()
        probe, end = Probe(self._target), time.monotonic() + seconds
        probing = asyncio.create_task(probe.run())
        for number in range(cases):
            if number == WARM_CASES:
                self._report.before = await self._target.held()
            await self._play(number)
            if time.monotonic() > end or not self._target.is_running:
                break
        probing.cancel()
        self._report.slowest_probe = probe.slowest
        self._report.violations += probe.failures
        await self._look_back()
        return self._report

    async def _furnish(self) -> None:
        """Make the flows of the examples and an execution of each that needs no inputs, so that ids lead somewhere."""
        async with httpx.AsyncClient(timeout=30) as http:
            for document in self._flows.valid:
                made = await self._target.ask(http, CREATE_FLOW, d=document)
                flow = made["createFlow"]["flow"]
                self._know("flowId", flow["id"], flow["latest"]["id"])
                with contextlib.suppress(AssertionError):
                    created = await self._target.ask(http, CREATE, f=flow["id"])
                    self._know("executionId", created["createExecution"]["execution"]["id"])
                self._know("nodeId", *(node["id"] for node in document["nodes"]))

    def _know(self, name: str, *ids: str) -> None:
        self._ids.setdefault(name, []).extend(ids)
        self._ids["id"].extend(ids)

    async def _play(self, number: int) -> None:
        weights, plays = zip(*self._kinds, strict=True)
        (play,) = self._dice.choices(plays, weights)
        name = play.__name__.strip("_")
        began = self._target.cpu_seconds()
        try:
            await play()
        except (OSError, ValueError, TimeoutError) as error:
            self._wrong.append(f"no answer: {error!r}")
        spent = self._target.cpu_seconds() - began
        if spent > CPU_SECONDS * self._patience:
            self._wrong.append(f"{spent:.1f} s of CPU")
        self._report.note(
            name, spent, [f"case {number}, {name}: {wrong}\n    by {self._said[:SHOWN]}" for wrong in self._wrong]
        )
        self._wrong = []

    async def _look_back(self) -> None:
        if not self._target.is_running:
            self._report.violations.append(f"the process has ended\n{self._target.log[-3_000:]}")
            return
        self._report.after = await self._settled()
        before, after = self._report.before or self._report.after, self._report.after
        slowest = self._report.slowest_probe
        self._report.violations += [
            wrong
            for is_wrong, wrong in (
                (after.memory > before.memory + GROWTH_BYTES, f"memory has grown: {before} {after}"),
                (after.tasks > before.tasks + SOME_TASKS, f"tasks are left: {before} {after}"),
                (after.sockets > before.sockets + SOME_SOCKETS, f"sockets are left: {before} {after}"),
                (slowest > PROBE_SECONDS * self._patience, f"the probe waited {slowest:.1f} s"),
                ("Traceback" in self._target.log, f"a traceback: {self._target.log[-3_000:]}"),
            )
            if is_wrong
        ]

    async def _settled(self) -> Held:
        """What is held once nothing more is let go, which takes the lingering of closed connections."""
        before = self._report.before
        deadline = time.monotonic() + 20
        while True:
            held = await self._target.held()
            rest = before is None or (
                held.tasks <= before.tasks + SOME_TASKS and held.sockets <= before.sockets + SOME_SOCKETS
            )
            if rest or time.monotonic() > deadline:
                return held
            await asyncio.sleep(0.2)

    async def _post(self, body: Any) -> None:
        await self._send(requests.post(body) if self._dice.random() < 0.9 else requests.get(body))

    async def _send(self, data: bytes, *, is_whole: bool = True) -> bytes:
        """Give the body of the answer, which is judged."""
        self._said = repr(data)
        response = read_response(await exchange(self._target.port, data, is_whole=is_whole))
        if response is None:
            return b""
        self._report.statuses[response.status] += 1
        self._wrong += of_response(response)
        return response.body

    async def _operation(self) -> None:
        await self._post(self._operations.body())

    async def _damaged_text(self) -> None:
        body = self._operations.body()
        await self._post({**body, "query": damaged(self._dice, body["query"])})

    async def _large_text(self) -> None:
        await self._send(requests.post({"query": large_document(self._dice), "variables": {}}))

    async def _flow(self) -> None:
        query = self._dice.choice((CREATE_FLOW, CREATE_FLOW, VALIDATE))
        answer = await self._send(requests.post({"query": query, "variables": {"d": self._flows.document()}}))
        self._learn(json.loads(answer))

    def _learn(self, answer: Any) -> None:
        """Let later cases use the flow, if one was made."""
        made = (answer.get("data") or {}).get("createFlow")
        if made and len(self._ids["flowId"]) < MOST_FLOWS:
            self._know("flowId", made["flow"]["id"])

    async def _odd_http(self) -> None:
        await self._send(requests.odd_request(self._dice, self._operations.body()), is_whole=False)

    async def _large_http(self) -> None:
        await self._send(requests.large_request(self._dice))

    async def _stream(self) -> None:
        body = self._operations.body(("subscription",))
        await self._send(requests.post(body, self._dice.choice(requests.ACCEPTS)))

    async def _socket(self) -> None:
        """Some sockets at once."""
        number = self._dice.choice((1, 1, 3))
        sent = [(handshake(self._dice), list(conversation(self._dice, self._operations))) for _ in range(number)]
        self._said = repr(sent)
        for heard in await asyncio.gather(*(talk(self._target.port, *each) for each in sent)):
            self._wrong += of_socket(heard)
