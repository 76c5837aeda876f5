"""Subscribers in numbers: what they cost idle, how soon events reach them, a storm of them, and a frozen one."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import orjson
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.figures import Figure, percentile, rounded
from bench.logs import Log
from bench.stage import Stage, serving
from bench.subscriber import Subscriber

WATCH = """subscription ($id: ID!, $from: Int! = -1, $wait: Int! = 25) {
  executionEvents(executionId: $id, fromIndex: $from, batchTimeoutMs: $wait) {
    events { index type timestamp data ... on NodeEvent { nodeId } } nextIndex } }"""

IDLE, IDLE_SECONDS = 2_000, 10.0
COUNTED_LATE_SECONDS = 12.0
"""Postgres counts what a session has done at the latest when it has been idle for 10 s."""

STORM, STORM_EVENTS = 1_000, 1_000
CROWD, OBSERVERS = 97, 3
COMMITS_PER_SECOND, EVENTS_PER_COMMIT, SECONDS = 50, 20, 10.0
QUIET_EVENTS = 200
KIB = 1024

STATEMENTS = "select sum(xact_commit + xact_rollback) from pg_stat_database"


async def measure(stage: Stage) -> None:
    """Print all of it."""
    async with serving(stage) as (url, process):
        await _idle(stage, url, process)
    async with serving(stage) as (url, _):
        await _storm(stage, url)
        await _quiet_latency(stage, url)
        calm = await _busy_latency(stage, url, frozen=False)
        frozen = await _busy_latency(stage, url, frozen=True)
        _report_latency(calm, frozen)


async def _idle(stage: Stage, url: str, process: psutil.Process) -> None:
    """Memory of the process and transactions of the database, before, at and after 2,000 subscribers, twice over."""
    log = await Log.new(stage)
    await _all_live([await Subscriber.open(url, WATCH, id=log.execution_id) for _ in range(50)], close=True)
    before = process.memory_info().rss
    load_before = load = await _transactions(stage)
    for name in ("idle", "idle_again"):
        opened = [await Subscriber.open(url, WATCH, id=log.execution_id) for _ in range(IDLE)]
        await _all_live(opened)
        each = (process.memory_info().rss - before) / IDLE / KIB
        Figure(f"{name}_{IDLE}_subscribers", rounded(each), "KiB each", "<= 100").print()
        if name == "idle":
            load = await _transactions(stage)
        for subscriber in opened:
            subscriber.close()
        await asyncio.sleep(2)
    Figure("idle_subscribers_load", rounded(load - load_before), "transactions/s more", "about 1").print()


async def _transactions(stage: Stage) -> float:
    """Transactions a second, by Postgres's own count."""
    await asyncio.sleep(COUNTED_LATE_SECONDS)
    began = await stage.pool.fetchval(STATEMENTS)
    await asyncio.sleep(IDLE_SECONDS)
    return float(await stage.pool.fetchval(STATEMENTS) - began) / IDLE_SECONDS


async def _all_live(subscribers: Sequence[Subscriber], *, close: bool = False) -> None:
    await asyncio.gather(*(subscriber.live for subscriber in subscribers))
    if close:
        for subscriber in subscribers:
            subscriber.close()


async def _storm(stage: Stage, url: str) -> None:
    """1,000 connect at once, each from another index, and read the rest of an ended log."""
    log = await Log.new(stage)
    await log.grow(STORM_EVENTS)
    await log.end()
    began = time.perf_counter()
    opened = await asyncio.gather(
        *(Subscriber.open(url, WATCH, id=log.execution_id, **{"from": number}) for number in range(STORM))
    )
    await asyncio.gather(*(subscriber.complete for subscriber in opened))
    Figure(f"storm_of_{STORM}", rounded(time.perf_counter() - began), "s until all are whole", "<= 5").print()
    for subscriber in opened:
        subscriber.close()


async def _quiet_latency(stage: Stage, url: str) -> None:
    """One subscriber without batching, one event at a time: from the commit's return to the client."""
    log = await Log.new(stage)
    async with _observer(url, log.execution_id, wait=0) as observer:
        for _ in range(QUIET_EVENTS):
            await log.grow(1)
            await observer.until(log.last_index)
    milliseconds = [1000 * (observer.seen[index] - log.committed[index]) for index in observer.seen if index >= 0]
    Figure("commit_to_client_quiet_p50", rounded(percentile(milliseconds, 0.5)), "ms", "<= 5").print()


async def _busy_latency(stage: Stage, url: str, *, frozen: bool) -> list[float]:
    """100 subscribers of 1,000 events a second; milliseconds from each commit to those that are observed."""
    log = await Log.new(stage)
    crowd = [await Subscriber.open(url, WATCH, id=log.execution_id) for _ in range(CROWD)]
    await _all_live(crowd)
    if frozen:
        crowd[0].freeze()
    observers = [_Observer(await _connected(url, log.execution_id, 25)) for _ in range(OBSERVERS)]
    watching = [asyncio.create_task(observer.until(int(SECONDS) * 1_000 - 1)) for observer in observers]
    await _write(log)
    await asyncio.gather(*watching)
    for subscriber in crowd:
        subscriber.close()
    for observer in observers:
        await observer.close()
    return [1000 * (at - log.committed[n]) for each in observers for n, at in each.seen.items() if n >= 0]


async def _write(log: Log) -> None:
    began, commits = time.perf_counter(), int(COMMITS_PER_SECOND * SECONDS)
    for number in range(commits):
        await log.grow(EVENTS_PER_COMMIT)
        await asyncio.sleep(max(0.0, began + (number + 1) / COMMITS_PER_SECOND - time.perf_counter()))


def _report_latency(calm: Sequence[float], frozen: Sequence[float]) -> None:
    name = f"commit_to_{CROWD + OBSERVERS}_clients"
    Figure(f"{name}_p50", rounded(percentile(calm, 0.5)), "ms", "<= 30", note="batchTimeoutMs 25").print()
    slow = percentile(calm, 0.99)
    Figure(f"{name}_p99", rounded(slow), "ms", "<= 150").print()
    with_frozen = percentile(frozen, 0.99)
    Figure(
        f"{name}_p99_one_frozen", rounded(with_frozen), "ms", "< 2 x", f"{name}_p99", rounded(with_frozen / slow)
    ).print()


class _Observer:
    """A subscriber that notes when each event came."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.seen: dict[int, float] = {}

    async def until(self, index: int) -> None:
        """Read until this event has come."""
        while index not in self.seen:
            message = orjson.loads(await self._socket.recv())
            now = time.perf_counter()
            for event in message["payload"]["data"]["executionEvents"]["events"]:
                self.seen[event["index"]] = now

    async def close(self) -> None:
        await self._socket.close()


@asynccontextmanager
async def _observer(url: str, execution_id: str, wait: int) -> AsyncIterator[_Observer]:
    observer = _Observer(await _connected(url, execution_id, wait))
    yield observer
    await observer.close()


async def _connected(url: str, execution_id: str, wait: int) -> ClientConnection:
    """A socket whose subscription is live."""
    socket = await connect(
        url.replace("http", "ws", 1), subprotocols=[Subprotocol("graphql-transport-ws")], compression=None
    )
    await socket.send('{"type":"connection_init"}')
    await socket.recv()
    payload = {"query": WATCH, "variables": {"id": execution_id, "from": -1, "wait": wait}}
    await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}).decode())
    await socket.recv()
    return socket
