"""Delivering events: one subscriber that replays a long log, and a hundred of one execution, beside two rivals."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from bench.figures import Figure, rounded
from bench.logs import Log
from bench.stage import Stage, answers, api, free_port, running
from bench.subscriber import Subscriber

WATCH = """subscription ($id: ID!) { executionEvents(executionId: $id, batchSize: 100) {
  events { index type timestamp data
    ... on NodeEvent { nodeId }
    ... on NodeStartedEvent { idempotencyKey }
    ... on NodeCompletedEvent { executionTime } }
  nextIndex } }"""

WATCH_RIVAL = """subscription ($count: Int!) { executionEvents(count: $count, batchSize: 100) {
  events { index type timestamp data
    ... on NodeStartedEvent { nodeId idempotencyKey }
    ... on NodeCompletedEvent { nodeId executionTime } }
  nextIndex } }"""

LONG, SHORT = 100_000, 10_000
MANY = 100
ROUNDS = 3


async def measure(stage: Stage) -> None:
    """Print delivered events per second, in alternating rounds of all three; the best round counts."""
    long, short = await _ended(stage, LONG), await _ended(stage, SHORT)
    found: dict[str, float] = {}
    async with api(stage) as url, rival("plain") as plain, rival("bare") as bare:
        for _ in range(ROUNDS):
            rates = {
                "one": await _rate(1, LONG, url, WATCH, id=long),
                "one_plain": await _rate(1, SHORT, plain, WATCH_RIVAL, count=SHORT),
                "one_bare": await _rate(1, LONG, bare, WATCH_RIVAL, count=LONG),
                "many": await _rate(MANY, SHORT, url, WATCH, id=short),
                "many_plain": await _rate(MANY, SHORT // 20, plain, WATCH_RIVAL, count=SHORT // 20),
                "many_bare": await _rate(MANY, SHORT, bare, WATCH_RIVAL, count=SHORT),
            }
            found = {name: max(rate, found.get(name, 0)) for name, rate in rates.items()}
    _report("replay_by_1_subscriber", found, "one", ">= 3 x plain")
    _report(f"delivery_to_{MANY}_subscribers", found, "many", ">= 10 x plain")


def _report(name: str, found: dict[str, float], who: str, target: str) -> None:
    Figure(f"{name}_plain_strawberry", rounded(found[f"{who}_plain"]), "events/s").print()
    Figure(f"{name}_bare_starlette", rounded(found[f"{who}_bare"]), "events/s").print()
    for baseline in ("plain", "bare"):
        ratio = rounded(found[who] / found[f"{who}_{baseline}"])
        Figure(name, rounded(found[who]), "events/s", target, f"{name}_{baseline}", ratio).print()


async def _ended(stage: Stage, events: int) -> str:
    log = await Log.new(stage)
    await log.grow(events - 2)
    await log.end()
    return log.execution_id


async def _rate(subscribers: int, events: int, url: str, query: str, **variables: object) -> float:
    began = time.perf_counter()
    opened = [await Subscriber.open(url, query, **variables) for _ in range(subscribers)]
    await asyncio.gather(*(subscriber.complete for subscriber in opened))
    took = time.perf_counter() - began
    for subscriber in opened:
        subscriber.close()
    return subscribers * events / took


@asynccontextmanager
async def rival(name: str) -> AsyncIterator[str]:
    """Run one of `bench/rivals.py`; gives its address."""
    async with serving_rival(name) as (url, _):
        yield url


@asynccontextmanager
async def serving_rival(name: str) -> AsyncIterator[tuple[str, psutil.Process]]:
    """Run one of `bench/rivals.py`; gives its address, and the process."""
    port = free_port()
    async with running(sys.executable, "-m", "bench.rivals", name, str(port)) as started:
        await answers(port)
        yield f"http://127.0.0.1:{port}/graphql", started
