"""Requests over HTTP to one API process, beside plain Strawberry: how many a second, and how long each is computed."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from bench.asker import ask_all
from bench.client import Client
from bench.figures import Figure, percentile, rounded
from bench.flows import doubling
from bench.live import serving_rival
from bench.stage import Stage, serving
from engine.options import ExecutionOptions

SMALL = "{ viewer { id } }"
CREATE = """mutation Create($input: CreateExecutionInput!) {
  createExecution(input: $input) { created execution { id status createdAt lastEventIndex } } }"""
DETAILS = """query Details($id: ID!) { execution(id: $id) {
  id status createdAt startedAt completedAt inputs outputs failedNodeCount lastEventIndex
  flow { id name } flowVersion { version } pendingCommands labels { name value } options { recordEvents }
  error { code message } } }"""

CONNECTIONS = 16
ROUNDS = 3
PAIRS, EACH = 40, 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, by whom it is answered, how often on each connection, and what we want of it."""

    name: str
    url: str
    process: psutil.Process
    query: str
    variables: Mapping[str, Any]
    each: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """A round: answers a second, milliseconds of CPU for each, and those that 19 of 20 took at most."""

    rate: float
    cpu: float
    p95: float


async def measure(stage: Stage) -> None:
    """Print the rates and costs, of alternating rounds the cheapest, and what limits cost."""
    await _measure_requests(stage)
    await _measure_limits(stage)


async def _measure_limits(stage: Stage) -> None:
    """Print what a small query costs with limits and without: of many short rounds those that little disturbed."""
    on, off = [(sys.executable, "-m", "bench.limits", each) for each in ("on", "off")]
    async with serving(stage, on) as limited, serving(stage, off) as unlimited:
        asked = [Asked("", *server, SMALL, {}, EACH) for server in (limited, unlimited)]
        rounds = [[(await _round(each)).cpu for each in asked] for _ in range(PAIRS + 1)][1:]
    with_limits, without = [percentile(costs, 0.1) for costs in zip(*rounds, strict=True)]
    Figure("small_query_without_limits_cpu", rounded(without), "ms each").print()
    Figure(
        "small_query_with_limits_cpu",
        rounded(with_limits),
        "ms each",
        "<= 1.05 x without",
        "small_query_without_limits_cpu",
        rounded(with_limits / without),
    ).print()


async def _measure_requests(stage: Stage) -> None:
    async with (
        serving(stage) as (url, process),
        serving_rival("plain") as plain,
        serving_rival("limited") as limited,
        Client(stage) as client,
    ):
        flow = await client.flow(doubling())
        execution = await client.create(flow, ExecutionOptions())
        given = {"input": {"flowId": flow, "inputs": {"item": 1}}}
        await _measure(
            [
                Asked("small_query", url, process, SMALL, {}, 60),
                Asked("small_query_plain_strawberry", *plain, SMALL, {}, 60),
                Asked("small_query_limited_strawberry", *limited, SMALL, {}, 60),
                Asked("create_execution", url, process, CREATE, given, 40, ">= 700 and <= 1.3 ms of CPU"),
                Asked("execution_details", url, process, DETAILS, {"id": execution}, 60, ">= 1500"),
            ]
        )


async def _measure(asked: list[Asked]) -> None:
    costs: dict[str, list[Cost]] = {each.name: [] for each in asked}
    for _ in range(ROUNDS + 1):
        for each in asked:
            costs[each.name].append(await _round(each))
    for each in asked:
        # The first round fills caches and pools.
        cheapest = min(costs[each.name][1:], key=lambda cost: cost.cpu)
        _report(each, cheapest)


async def _round(asked: Asked) -> Cost:
    before, began = _cpu(asked.process), time.perf_counter()
    times = await ask_all(asked.url, asked.query, dict(asked.variables), connections=CONNECTIONS, each=asked.each)
    took, spent = time.perf_counter() - began, _cpu(asked.process) - before
    return Cost(len(times) / took, spent * 1000 / len(times), percentile(times, 0.95) * 1000)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _report(asked: Asked, cost: Cost) -> None:
    load = f"load {psutil.getloadavg()[0]:.1f}"
    Figure(f"{asked.name}_rate", rounded(cost.rate), "requests/s", asked.target, note=load).print()
    Figure(f"{asked.name}_cpu", rounded(cost.cpu), "ms each").print()
    Figure(f"{asked.name}_p95", rounded(cost.p95), "ms").print()
